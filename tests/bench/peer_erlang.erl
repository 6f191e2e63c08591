%% SPDX-License-Identifier: Apache-2.0

%% The cases as a good Erlang user would write them.  (The module cannot be
%% called `peer': the standard library has one of that name.)
%%
%%     erl +S N:N +P 2000000 -noinput -pa DIR -s peer_erlang -extra --workers N CASE
-module(peer_erlang).

-export([start/0, serve/0, connect/0]).
-export([start_worker/1, worker_init/1]).
-export([init/1, handle_call/3, handle_cast/2]).

-define(SERVER, 'coppice_bench@127.0.0.1').

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
    [{"ping-pong", "ns", fun ping_pong/0},
     {"one-to-one", "M/s", fun() -> fan_in(1, 4000000) end},
     {"8-to-one", "M/s", fun() -> fan_in(8, 500000) end},
     {"ring", "M/s", fun ring/0},
     {"spawn", "M/s", fun spawn_and_exit/0},
     {"idle", "B", fun idle/0},
     {"call", "M/s", fun call/0},
     {"restart", "M/s", fun restart/0},
     {"timer-arm", "ns", fun() -> element(1, timers()) end},
     {"timer-cancel", "ns", fun() -> element(2, timers()) end},
     {"node-to-node", "M/s", fun() -> over_two_nodes("node-to-node") end},
     {"node-rtt", "us", fun() -> over_two_nodes("node-rtt") end}].

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

nanoseconds(Work) ->
    Begin = erlang:monotonic_time(nanosecond),
    Work(),
    erlang:monotonic_time(nanosecond) - Begin.

millions(Count, Nanoseconds) ->
    Count / Nanoseconds * 1.0e3.

%% Messages

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

fan_in(Producers, Each) ->
    Self = self(),
    Count = Producers * Each,
    %% On the heap (the default): off the heap was slower with one producer.
    Consumer = spawn_link(fun() -> consume(Count), Self ! consumed end),
    millions(Count, nanoseconds(fun() ->
        [spawn_link(fun() -> produce(Consumer, Each) end) || _ <- lists:seq(1, Producers)],
        receive consumed -> ok end
    end)).

produce(_, 0) -> ok;
produce(Consumer, Left) ->
    Consumer ! {number, Left},
    produce(Consumer, Left - 1).

consume(0) -> ok;
consume(Left) ->
    receive {number, _} -> consume(Left - 1) end.

ring() ->
    Hops = 2000000,
    Self = self(),
    First = spawn_link(fun() -> receive {next, Next} -> pass_on(Next, Self) end end),
    Last = lists:foldl(fun(_, Next) -> spawn_link(fun() -> pass_on(Next, Self) end) end,
                       First, lists:seq(2, 503)),
    First ! {next, Last},
    millions(Hops, nanoseconds(fun() ->
        First ! {hop, Hops},
        receive done -> ok end
    end)).

pass_on(Next, Main) ->
    receive
        {hop, 0} -> Main ! done;
        {hop, Left} -> Next ! {hop, Left - 1}
    end,
    pass_on(Next, Main).

%% Processes

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

%% gen_server and supervisor: both callbacks are called init/1, which is why
%% neither behaviour is declared.

init(counter) ->
    {ok, 0};
init({supervisor, Report}) ->
    Child = #{id => worker, start => {?MODULE, start_worker, [Report]}},
    {ok, {#{strategy => one_for_one, intensity => 1000000, period => 1}, [Child]}}.

handle_call(next, _From, Counter) ->
    {reply, Counter, Counter + 1}.

handle_cast(stop, Counter) ->
    {stop, normal, Counter}.

call() ->
    Calls = 400000,
    {ok, Server} = gen_server:start_link(?MODULE, counter, []),
    millions(Calls, nanoseconds(fun() -> call(Server, Calls) end)).

call(_, 0) -> ok;
call(Server, Left) ->
    _ = gen_server:call(Server, next),
    call(Server, Left - 1).

%% A supervisor notes every restart of the last second and walks the list of
%% them at each further one, which at this rate would be most of what is
%% measured.  So each supervisor restarts its child a hundred times only, and
%% its own start and stop are not timed.
restart() ->
    {Rounds, Each} = {1000, 100},
    process_flag(trap_exit, true),
    Time = lists:sum([restart_round(Each) || _ <- lists:seq(1, Rounds)]),
    millions(Rounds * Each, Time).

restart_round(Crashes) ->
    {ok, Supervisor} = supervisor:start_link(?MODULE, {supervisor, self()}),
    Worker = receive {started, Pid} -> Pid end,
    Time = nanoseconds(fun() -> crash(Worker, Crashes) end),
    exit(Supervisor, shutdown),
    receive {'EXIT', Supervisor, shutdown} -> Time end.

crash(_, 0) ->
    receive {started, _} -> ok after 0 -> ok end;
crash(Worker, Left) ->
    Worker ! crash,
    receive {started, Next} -> crash(Next, Left - 1) end.

%% A proc_lib process: a gen_server takes longer to start.
start_worker(Report) ->
    proc_lib:start_link(?MODULE, worker_init, [Report]).

worker_init(Report) ->
    proc_lib:init_ack({ok, self()}),
    Report ! {started, self()},
    receive crash -> exit(crashed) end.

%% Timers

timers() ->
    Count = 1000000,
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

%% Two nodes: this one starts them, waits for the value, and ends when both have
%% ended.  They find each other by a port and need no epmd, which would stay.

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

over_the_wire("node-to-node") ->
    Count = 150000,
    Data = binary:copy(<<$x>>, 64),
    millions(Count, nanoseconds(fun() ->
        stream({sink, ?SERVER}, Data, Count),
        {sink, ?SERVER} ! {last, self()},
        receive received -> ok end
    end));
over_the_wire("node-rtt") ->
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
