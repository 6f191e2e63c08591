%% SPDX-License-Identifier: Apache-2.0

%% Processes that are started, are there, and end.
-module(bench_lives).

-export([spawn_and_exit/0, idle/0, skynet/0, fork_join/0, monitor/0]).

-import(peer_erlang, [nanoseconds/1, millions/2]).

%% One at a time: the next when the one before has run.

spawn_and_exit() ->
    Count = 400000,
    millions(Count, nanoseconds(fun() -> spawn_next(Count, self()) end)).

spawn_next(0, _) -> ok;
spawn_next(Left, Self) ->
    spawn(fun() -> Self ! ran end),
    receive ran -> spawn_next(Left - 1, Self) end.

%% A million processes of 2.6 KB are ten seconds of page faults; a quarter of them
%% have the same size each.

idle() ->
    Count = 250000,
    Before = resident_bytes(),
    spawn_idle(Count),
    (resident_bytes() - Before) / Count.

spawn_idle(0) -> ok;
spawn_idle(Left) ->
    spawn(fun() -> receive stop -> ok end end),
    spawn_idle(Left - 1).

resident_bytes() ->
    {ok, Statm} = file:read_file("/proc/self/statm"),
    [_, Pages | _] = string:lexemes(Statm, " "),
    binary_to_integer(Pages) * 4096.

%% A tree of a million leaves.

skynet() ->
    Leaves = 1000000,
    Sum = Leaves * (Leaves - 1) div 2,
    Self = self(),
    nanoseconds(fun() ->
        spawn(fun() -> branch(Self, 0, Leaves) end),
        receive {answer, Sum} -> ok end
    end) / 1.0e6.

branch(Parent, Ordinal, 1) ->
    Parent ! {answer, Ordinal};
branch(Parent, First, Leaves) ->
    Self = self(),
    Each = Leaves div 10,
    [spawn(fun() -> branch(Self, First + I * Each, Each) end) || I <- lists:seq(0, 9)],
    Parent ! {answer, add_up(10, 0)}.

add_up(0, Sum) -> Sum;
add_up(Left, Sum) ->
    receive {answer, Number} -> add_up(Left - 1, Sum + Number) end.

%% Work that can be shared out.

fork_join() ->
    {Rounds, Children} = {200, 64},
    Sum = lists:sum([work(I) || I <- lists:seq(0, Children - 1)]),
    nanoseconds(fun() -> fork_rounds(Rounds, Children, Sum) end) / Rounds / 1.0e3.

fork_rounds(0, _, _) -> ok;
fork_rounds(Left, Children, Sum) ->
    Self = self(),
    [spawn(fun() -> Self ! {answer, work(I)} end) || I <- lists:seq(0, Children - 1)],
    Sum = add_up(Children, 0),
    fork_rounds(Left - 1, Children, Sum).

work(Seed) -> work(Seed, 10000).

work(X, 0) -> X;
work(X, Steps) ->
    work(next(X), Steps - 1).

%% X * 1103515245 + 12345 modulo 2^31.  In two halves, for a product of 61 bits
%% would be a number on the heap.
next(X) ->
    High = (X * (1103515245 bsr 16) band 16#7fff) bsl 16,
    (High + X * (1103515245 band 16#ffff) + 12345) band 16#7fffffff.

%% Monitors: signals, of which only a later round trip tells that they were handled.

monitor() ->
    {Batches, Pairs} = {8000, 100},
    Watched = spawn_link(fun answer_pings/0),
    nanoseconds(fun() -> monitor_batches(Watched, Batches, Pairs) end) / (Batches * Pairs).

monitor_batches(_, 0, _) -> ok;
monitor_batches(Watched, Left, Pairs) ->
    monitor_pairs(Watched, Pairs),
    Watched ! {ping, self()},
    receive pong -> monitor_batches(Watched, Left - 1, Pairs) end.

monitor_pairs(_, 0) -> ok;
monitor_pairs(Watched, Left) ->
    erlang:demonitor(erlang:monitor(process, Watched)),
    monitor_pairs(Watched, Left - 1).

answer_pings() ->
    receive {ping, From} -> From ! pong end,
    answer_pings().
