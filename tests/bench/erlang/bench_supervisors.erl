%% SPDX-License-Identifier: Apache-2.0

%% Supervisors that restart, start and stop their children.
-module(bench_supervisors).
-behaviour(supervisor).

-export([restart/0, restart_10k/0, start_10k/0, stop_10k/0, deep_stop/0]).
-export([init/1, start_worker/2, worker_init/2]).

-import(peer_erlang, [nanoseconds/1, millions/2]).

-define(MANY, 10000).

%% A supervisor notes every restart of the last second and walks the list of
%% them at each further one, which at this rate would be most of what is
%% measured.  So each supervisor makes a hundred restarts only, and its own
%% start and stop are not timed.
-define(RESTARTS_OF_ONE, 100).

init({Strategy, Children}) ->
    {ok, {#{strategy => Strategy, intensity => 1000000, period => 1}, Children}}.

%% A child with its number, which it tells Report (if that is a pid) when it starts.
child(Number, Report) ->
    #{id => Number, start => {?MODULE, start_worker, [Report, Number]}}.

%% A proc_lib process: a gen_server takes longer to start.
start_worker(Report, Number) ->
    proc_lib:start_link(?MODULE, worker_init, [Report, Number]).

worker_init(Report, Number) ->
    proc_lib:init_ack({ok, self()}),
    is_pid(Report) andalso (Report ! {started, Number, self()}),
    receive crash -> exit(crashed) end.

%% Restarts, one at a time: the driver waits for the new child.

restart() ->
    restarts(1000, fun() ->
        {ok, Supervisor} = start({one_for_one, [child(1, self())]}),
        Supervisor
    end, 1).

%% simple_one_for_one keeps its children in a map by pid.  one_for_one searches all
%% of them for the one that has ended, and is many times slower.
restart_10k() ->
    restarts(15, fun() ->
        Template = #{id => pool, start => {?MODULE, start_worker, [self()]}},
        {ok, Supervisor} = start({simple_one_for_one, [Template]}),
        [{ok, _} = supervisor:start_child(Supervisor, [Number])
         || Number <- lists:seq(1, ?MANY)],
        Supervisor
    end, ?MANY).

restarts(Supervisors, Start, Children) ->
    process_flag(trap_exit, true),
    Times = [restarts_of_one(Start, Children) || _ <- lists:seq(1, Supervisors)],
    millions(Supervisors * ?RESTARTS_OF_ONE, lists:sum(Times)).

restarts_of_one(Start, Children) ->
    Supervisor = Start(),
    Workers = maps:from_list([receive {started, Number, Pid} -> {Number, Pid} end
                              || Number <- lists:seq(1, Children)]),
    Victims = [rand:uniform(Children) || _ <- lists:seq(1, ?RESTARTS_OF_ONE)],
    Time = nanoseconds(fun() -> crash(Workers, Victims) end),
    stop(Supervisor),
    Time.

crash(_, []) -> ok;
crash(Workers, [Victim | Rest]) ->
    map_get(Victim, Workers) ! crash,
    receive {started, Victim, Next} -> crash(Workers#{Victim := Next}, Rest) end.

start(Arguments) ->
    supervisor:start_link(?MODULE, Arguments).

stop(Supervisor) ->
    exit(Supervisor, shutdown),
    receive {'EXIT', Supervisor, shutdown} -> ok end.

%% Many children.

start_10k() -> element(1, start_and_stop()).

stop_10k() -> element(2, start_and_stop()).

start_and_stop() ->
    Rounds = 10,
    process_flag(trap_exit, true),
    Children = [child(Number, nobody) || Number <- lists:seq(1, ?MANY)],
    {Starts, Stops} = lists:unzip([start_and_stop(Children) || _ <- lists:seq(1, Rounds)]),
    {lists:sum(Starts) / Rounds / ?MANY, lists:sum(Stops) / Rounds / ?MANY}.

start_and_stop(Children) ->
    Begin = erlang:monotonic_time(nanosecond),
    {ok, Supervisor} = start({one_for_one, Children}),
    Started = erlang:monotonic_time(nanosecond),
    stop(Supervisor),
    {Started - Begin, erlang:monotonic_time(nanosecond) - Started}.

%% Many levels.

deep_stop() ->
    Rounds = 3,
    process_flag(trap_exit, true),
    lists:sum([deep_stop_time() || _ <- lists:seq(1, Rounds)]) / Rounds / 1.0e6.

deep_stop_time() ->
    {ok, Top} = start({one_for_one, []}),
    add_levels(Top, ?MANY - 1),
    nanoseconds(fun() -> stop(Top) end).

add_levels(Supervisor, 0) ->
    {ok, _} = supervisor:start_child(Supervisor, child(1, nobody));
add_levels(Supervisor, Left) ->
    {ok, Below} = supervisor:start_child(Supervisor, #{
        id => level, type => supervisor,
        start => {supervisor, start_link, [?MODULE, {one_for_one, []}]}}),
    add_levels(Below, Left - 1).
