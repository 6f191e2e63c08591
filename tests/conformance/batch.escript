#!/usr/bin/env escript
%%! -noshell -kernel start_distribution false +S 1:1
%% Runs many scenarios on the real OTP in one Erlang, one after the other:
%%
%%   escript batch.escript ORACLE FILE.scn...
%%
%% ORACLE: oracle.escript, whose code this is.  The trace of NAME.scn goes to NAME.otp.
%% Starting Erlang and compiling the oracle takes as long as a scenario.
-mode(compile).

-define(LIMIT, 120000). % ms for one scenario

main([Oracle | Files]) ->
    {module, oracle} = code:load_binary(oracle, Oracle, compiled(Oracle)),
    lists:foreach(fun one/1, Files).

%% The script as a module that can be run more than once: a name, and no end of the world.
compiled(Oracle) ->
    {ok, Text} = file:read_file(Oracle),
    [_, _, Body] = re:split(Text, "\n", [{parts, 3}]),
    [Before, After] = binary:split(Body, <<"halt(0).">>, [global]),
    Erl = filename:join(os:getenv("TMPDIR", "/tmp"), "oracle." ++ os:getpid() ++ ".erl"),
    ok = file:write_file(Erl, ["-module(oracle).\n-export([main/1]).\n", Before, "ok.", After]),
    {ok, Forms} = epp:parse_file(Erl, []),
    ok = file:delete(Erl),
    {ok, oracle, Code} = compile:forms(Forms, []),
    Code.

one(File) ->
    {ok, Out} = file:open(filename:rootname(File) ++ ".otp", [write, delayed_write]),
    Old = processes(),
    {Pid, Ref} = spawn_monitor(fun() -> group_leader(Out, self()), oracle:main([File]) end),
    receive
        {'DOWN', Ref, _, _, normal} -> ok;
        {'DOWN', Ref, _, _, Why} -> io:format(Out, "oracle: ~p~n", [Why])
    after ?LIMIT ->
        io:format(Out, "oracle: took too long~n", []),
        gone(Pid)
    end,
    lists:foreach(fun gone/1, processes() -- Old),
    ok = file:close(Out).

%% Whatever the scenario has left: nothing of it may be seen by the next.
gone(Pid) ->
    Ref = monitor(process, Pid),
    exit(Pid, kill),
    receive {'DOWN', Ref, _, _, _} -> ok end.
