%% SPDX-License-Identifier: Apache-2.0

%% The cases as a good Erlang user would write them.  (The module cannot be
%% called `peer': the standard library has one of that name.)
%%
%%     erl +S N:N +P 2000000 -noinput -pa DIR -s peer_erlang -extra --workers N CASE
-module(peer_erlang).

-export([start/0, nanoseconds/1, millions/2]).

start() ->
    %% Crash reports are not what `restart' measures.
    logger:set_primary_config(level, none),
    halt(run(init:get_plain_arguments())).

run(["--workers", Workers, Case]) ->
    case lists:keyfind(Case, 1, cases()) of
        {Case, Unit, Measure} ->
            Value = in_a_process(Measure),
            io:format("~s erlang ~s ~s ~s~n", [Case, Workers, digits(Value), Unit]),
            0;
        false ->
            Names = [[" ", Name] || {Name, _, _} <- cases()],
            io:format(standard_error, "peer_erlang: there is no case \"~s\", but~s~n",
                      [Case, Names]),
            2
    end;
run(["--workers", Workers]) ->
    run(["--workers", Workers, ""]);
run(_) ->
    io:format(standard_error, "usage: peer_erlang --workers N CASE~n", []),
    2.

cases() ->
    [{"ping-pong", "ns", fun bench_messages:ping_pong/0},
     {"one-to-one", "M/s", fun bench_messages:one_to_one/0},
     {"8-to-one", "M/s", fun bench_messages:eight_to_one/0},
     {"name-send", "M/s", fun bench_messages:name_send/0},
     {"move-1k", "M/s", fun bench_messages:move_1k/0},
     {"move-64k", "M/s", fun bench_messages:move_64k/0},
     {"ring", "M/s", fun bench_messages:ring/0},
     {"rings-8", "M/s", fun bench_messages:rings_8/0},
     {"big", "M/s", fun bench_messages:big/0},
     {"call", "M/s", fun bench_messages:call/0},
     {"spawn", "M/s", fun bench_lives:spawn_and_exit/0},
     {"idle", "B", fun bench_lives:idle/0},
     {"skynet", "ms", fun bench_lives:skynet/0},
     {"fork-join", "us", fun bench_lives:fork_join/0},
     {"monitor", "ns", fun bench_lives:monitor/0},
     {"restart", "M/s", fun bench_supervisors:restart/0},
     {"restart-10k", "M/s", fun bench_supervisors:restart_10k/0},
     {"start-10k", "ns", fun bench_supervisors:start_10k/0},
     {"stop-10k", "ns", fun bench_supervisors:stop_10k/0},
     {"deep-stop", "ms", fun bench_supervisors:deep_stop/0},
     {"timer-arm", "ns", fun bench_timers:arm/0},
     {"timer-cancel", "ns", fun bench_timers:cancel/0},
     {"node-to-node", "M/s", fun bench_nodes:one_way/0},
     {"node-rtt", "us", fun bench_nodes:round_trip/0}].

%% Four digits that mean something, and never an exponent.
digits(Value) ->
    Whole = trunc(math:log10(max(Value, 1.0e-3)) + 1.0e-9),
    float_to_list(float(Value), [{decimals, min(6, max(0, 3 - Whole + below_one(Value)))}]).

below_one(Value) when Value < 1 -> 1;
below_one(_) -> 0.

%% The measuring process starts with an empty heap and mailbox.
in_a_process(Measure) ->
    {Pid, Ref} = spawn_monitor(fun() -> exit({value, Measure()}) end),
    receive
        {'DOWN', Ref, process, Pid, {value, Value}} -> Value;
        {'DOWN', Ref, process, Pid, Why} ->
            io:format(standard_error, "peer_erlang: ~p~n", [Why]),
            halt(1)
    end.

%% How long that takes.
nanoseconds(Work) ->
    Begin = erlang:monotonic_time(nanosecond),
    Work(),
    erlang:monotonic_time(nanosecond) - Begin.

%% Per second.
millions(Count, Nanoseconds) ->
    Count / Nanoseconds * 1.0e3.
