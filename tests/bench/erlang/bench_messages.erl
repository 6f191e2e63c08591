%% SPDX-License-Identifier: Apache-2.0

%% Messages between processes that are there.
-module(bench_messages).
-behaviour(gen_server).

-export([ping_pong/0, one_to_one/0, eight_to_one/0, name_send/0, move_1k/0, move_64k/0]).
-export([ring/0, rings_8/0, big/0, call/0]).
-export([init/1, handle_call/3, handle_cast/2]).

-import(peer_erlang, [nanoseconds/1, millions/2]).

-define(TALKERS, 120).
-define(PINGS, 40000).

%% One message on its way.

ping_pong() ->
    Trips = 1000000,
    Pong = spawn_link(fun pong/0),
    nanoseconds(fun() -> ping(Pong, Trips) end) / Trips.

ping(_, 0) -> ok;
ping(Pong, Left) ->
    Pong ! {ping, self()},
    receive pong -> ping(Pong, Left - 1) end.

pong() ->
    receive {ping, From} -> From ! pong end,
    pong().

%% One way, as many as go in.

one_to_one() -> fan_in(1, 4000000).

eight_to_one() -> fan_in(8, 500000).

fan_in(Producers, Each) ->
    one_way(Producers, Each, fun produce/2).

%% The name is looked up at each send.
name_send() ->
    one_way(1, 3000000, fun(Consumer, Count) ->
        register(sink, Consumer),
        produce(sink, Count)
    end).

%% On the heap (the default): off the heap was slower with one producer.
one_way(Producers, Each, Produce) ->
    Self = self(),
    Count = Producers * Each,
    Consumer = spawn_link(fun() -> consume(Count), Self ! consumed end),
    millions(Count, nanoseconds(fun() ->
        [spawn_link(fun() -> Produce(Consumer, Each) end) || _ <- lists:seq(1, Producers)],
        receive consumed -> ok end
    end)).

produce(_, 0) -> ok;
produce(Consumer, Left) ->
    Consumer ! {number, Left},
    produce(Consumer, Left - 1).

consume(0) -> ok;
consume(Left) ->
    receive {number, _} -> consume(Left - 1) end.

move_1k() -> move(1024, 1000000).

move_64k() -> move(65536, 60000).

%% A binary of more than 64 bytes is shared by all processes and never changed:
%% sending copies nothing, but other bytes in it mean another binary.
move(Size, Count) ->
    Self = self(),
    Rest = binary:copy(<<0>>, Size - 8),
    Sum = Count * (Count + 1) div 2,
    Consumer = spawn_link(fun() -> Self ! {consumed, add_up_payloads(Count, 0)} end),
    millions(Count, nanoseconds(fun() ->
        spawn_link(fun() -> produce_payloads(Consumer, Rest, Count) end),
        receive {consumed, Sum} -> ok end
    end)).

produce_payloads(_, _, 0) -> ok;
produce_payloads(Consumer, Rest, Left) ->
    Consumer ! {payload, <<Left:64, Rest/binary>>},
    produce_payloads(Consumer, Rest, Left - 1).

add_up_payloads(0, Sum) -> Sum;
add_up_payloads(Left, Sum) ->
    receive {payload, <<Number:64, _/binary>>} -> add_up_payloads(Left - 1, Sum + Number) end.

%% Round and round.

ring() ->
    Hops = 2000000,
    First = make_ring(503),
    millions(Hops, nanoseconds(fun() -> go_round([First], Hops) end)).

rings_8() ->
    Hops = 1000000,
    Firsts = [make_ring(64) || _ <- lists:seq(1, 8)],
    millions(8 * Hops, nanoseconds(fun() -> go_round(Firsts, Hops) end)).

make_ring(Members) ->
    Self = self(),
    First = spawn_link(fun() -> receive {next, Next} -> pass_on(Next, Self) end end),
    Last = lists:foldl(fun(_, Next) -> spawn_link(fun() -> pass_on(Next, Self) end) end,
                       First, lists:seq(2, Members)),
    First ! {next, Last},
    First.

go_round(Firsts, Hops) ->
    [First ! {hop, Hops} || First <- Firsts],
    [receive done -> ok end || _ <- Firsts].

pass_on(Next, Main) ->
    receive
        {hop, 0} -> Main ! done;
        {hop, Left} -> Next ! {hop, Left - 1}
    end,
    pass_on(Next, Main).

%% All to all.

big() ->
    Self = self(),
    Talkers = [spawn_link(fun() -> talker(Number, Self) end)
               || Number <- lists:seq(0, ?TALKERS - 1)],
    All = list_to_tuple(Talkers),
    millions(2 * ?TALKERS * ?PINGS, nanoseconds(fun() ->
        [Talker ! {everybody, All} || Talker <- Talkers],
        [receive done -> ok end || _ <- Talkers]
    end)).

%% The generator is the fastest that there is, as its user would want it here.
talker(Number, Main) ->
    receive
        {everybody, All} -> send_ping(Number, All, ?PINGS, rand:mwc59_seed(Number), Main)
    end.

%% To anybody but itself.
send_ping(Number, All, Left, Random, Main) ->
    Other = (rand:mwc59_value32(Random) * (?TALKERS - 1)) bsr 32,
    To = if Other >= Number -> Other + 1; true -> Other end,
    element(To + 1, All) ! {ping, self()},
    await_pong(Number, All, Left, rand:mwc59(Random), Main).

await_pong(Number, All, Left, Random, Main) ->
    receive
        {ping, From} ->
            From ! pong,
            await_pong(Number, All, Left, Random, Main);
        pong when Left > 1 ->
            send_ping(Number, All, Left - 1, Random, Main);
        pong ->
            Main ! done,
            await_pong(Number, All, 0, Random, Main)
    end.

%% gen_server

call() ->
    Calls = 400000,
    {ok, Server} = gen_server:start_link(?MODULE, counter, []),
    millions(Calls, nanoseconds(fun() -> call(Server, Calls) end)).

call(_, 0) -> ok;
call(Server, Left) ->
    _ = gen_server:call(Server, next),
    call(Server, Left - 1).

init(counter) ->
    {ok, 0}.

handle_call(next, _From, Counter) ->
    {reply, Counter, Counter + 1}.

handle_cast(stop, Counter) ->
    {stop, normal, Counter}.
