%% SPDX-License-Identifier: Apache-2.0

%% Timers of 10 to 60 s: armed, and cancelled before they are due.
-module(bench_timers).

-export([arm/0, cancel/0]).

%% The second round counts: in the first one the memory is new.

arm() -> times(), element(1, times()).

cancel() -> times(), element(2, times()).

times() ->
    Count = 500000,
    Delays = [9999 + rand:uniform(50001) || _ <- lists:seq(1, Count)],
    Begin = erlang:monotonic_time(nanosecond),
    Timers = [erlang:start_timer(Delay, self(), due) || Delay <- Delays],
    Armed = erlang:monotonic_time(nanosecond),
    cancel(Timers),
    End = erlang:monotonic_time(nanosecond),
    {(Armed - Begin) / Count, (End - Armed) / Count}.

cancel([]) -> ok;
cancel([Timer | Rest]) ->
    _ = erlang:cancel_timer(Timer),
    cancel(Rest).
