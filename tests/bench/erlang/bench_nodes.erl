%% SPDX-License-Identifier: Apache-2.0

%% Two nodes: this one starts them, waits for the value, and ends when both have
%% ended.  They find each other by a port and need no epmd, which would stay.
-module(bench_nodes).

-export([one_way/0, round_trip/0, serve/0, connect/0]).

-import(peer_erlang, [nanoseconds/1, millions/2]).

-define(SERVER, 'coppice_bench@127.0.0.1').

one_way() -> over_two_nodes("one-way").

round_trip() -> over_two_nodes("round-trip").

over_two_nodes(Case) ->
    Port = integer_to_list(free_port()),
    Server = start_node(Port, ["-name", atom_to_list(?SERVER), "-s", ?MODULE, "serve"]),
    up = wait_for_line(Server),
    Client = start_node(Port, ["-name", "coppice_bench_client@127.0.0.1",
                               "-dist_listen", "false", "-s", ?MODULE, "connect",
                               "-extra", Case]),
    {value, Value} = wait_for_line(Client),
    [receive {Node, {exit_status, 0}} -> ok end || Node <- [Client, Server]],
    Value.

free_port() ->
    {ok, Socket} = gen_tcp:listen(0, [{ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(Socket),
    ok = gen_tcp:close(Socket),
    Port.

start_node(Port, Arguments) ->
    Schedulers = integer_to_list(erlang:system_info(schedulers)),
    Common = ["+S", Schedulers ++ ":" ++ Schedulers, "-noinput",
              "-pa", filename:dirname(code:which(?MODULE)),
              "-setcookie", "coppice_bench_" ++ Port,
              "-start_epmd", "false", "-erl_epmd_port", Port,
              "-kernel", "inet_dist_use_interface", "{127,0,0,1}"],
    Strings = [if is_atom(A) -> atom_to_list(A); true -> A end || A <- Common ++ Arguments],
    open_port({spawn_executable, os:find_executable("erl")},
              [{args, Strings}, {line, 200}, exit_status]).

wait_for_line(Node) ->
    receive
        {Node, {data, {eol, Line}}} ->
            {ok, Tokens, _} = erl_scan:string(Line ++ "."),
            {ok, Term} = erl_parse:parse_term(Tokens),
            Term;
        {Node, {exit_status, Status}} ->
            error({node_ended, Status})
    end.

%% The second node: ends with the first.
serve() ->
    register(sink, self()),
    ok = net_kernel:monitor_nodes(true, [{node_type, all}]),
    io:format("up~n"),
    serve_all().

serve_all() ->
    receive
        {ping, From, Data} -> From ! {pong, Data};
        {last, From} -> From ! received;
        {nodedown, _, _} -> halt(0);
        _Bytes -> ok
    after 30000 -> halt(1)
    end,
    serve_all().

%% The first node.
connect() ->
    pong = net_adm:ping(?SERVER),
    [Case] = init:get_plain_arguments(),
    io:format("{value,~w}~n", [over_the_wire(Case)]),
    halt(0).

over_the_wire("one-way") ->
    Count = 150000,
    Data = binary:copy(<<$x>>, 64),
    millions(Count, nanoseconds(fun() ->
        stream({sink, ?SERVER}, Data, Count),
        {sink, ?SERVER} ! {last, self()},
        receive received -> ok end
    end));
over_the_wire("round-trip") ->
    Trips = 5000,
    Data = binary:copy(<<$x>>, 64),
    nanoseconds(fun() -> trips({sink, ?SERVER}, Data, Trips) end) / Trips / 1.0e3.

stream(_, _, 0) -> ok;
stream(To, Data, Left) ->
    To ! Data,
    stream(To, Data, Left - 1).

trips(_, _, 0) -> ok;
trips(To, Data, Left) ->
    To ! {ping, self(), Data},
    receive {pong, _} -> trips(To, Data, Left - 1) end.
