"""Equations (1)-(9), connection by connection, compiled by Numba; `equations.py` says the same in plain NumPy.

One run at a time goes through all its sweeps, its numbers in cache, until it is solved or has diverged.

A run is the same, to the last bit, on every machine and with vectors of any width. IEEE 754 defines +, -, *, / and the
fused multiply-add exactly; nothing else is used here, always in the same order: no BLAS, no library's exponential.

Units stand one below the other, the input layers first. A unit's states in all cases are a row, padded to a multiple of
eight with cases that have no error. So are the weights w_ji of unit j: a row, padded to a multiple of eight, its
`stride`. The arithmetic of pointers and vectors stands at the end: `at(p, i)` is p[i], `load(p, i)` is p[i], ...,
p[i + 7] side by side, `ahead(p, n)` is the place n further on.
"""

from collections import namedtuple
from functools import wraps

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_jitable, register_model

WIDTH = 8  # how many numbers go side by side
ONE = np.int64(1)  # Numba would compile a second version for the literal 1

# A division by zero gives an infinity, as in NumPy: an exception would keep the compiler from using vectors.
compiled = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
inlined = njit(error_model="numpy", inline="always")


def entry(function):
    """Compile at first use and keep the result on disk, if there is a folder that can be written to."""
    try:
        return njit(error_model="numpy", nogil=True, cache=True)(function)
    except RuntimeError:  # neither beside this file nor in the user's own cache
        return njit(error_model="numpy", nogil=True)(function)


# ---------------------------------------------------------------- what the kernel is handed


def _integers(names):
    return [(name, np.int64) for name in names.split()]


# Tables of layers and links. The states of a layer, or of a link's source, begin in row `first`; by case, in row
# `by_case`, or -1 if nothing needs them so. A layer has the links from `links` to before `end`.
LAYER = np.dtype([*_integers("first units by_case activation biases links end"), ("gain", np.float64)])
LINK = np.dtype(_integers("first units by_case weights computed"))
OUTPUT = np.dtype(_integers("first units bounds"))  # layers that have targets, and the row where their bounds begin
LOGISTIC, TANH, LINEAR, SOFTSIGN, RECTIFIED = range(5)

Graph = namedtuple("Graph", "units by_case padded places layers links outputs")
"""A net, as far as its targets depend on it: numbers of rows of states, of rows of states by case, and of padded
weights; the place of each weight among the padded; the tables."""

Cases = namedtuple("Cases", "count inputs bounds counts whole_cases")
"""Cases to learn: how many; states of the input units, `(1 or runs, units, cases)`; of each output layer, one below the
other, lower and upper bounds of the error rule, aims and desired states, `(1 or runs, rows, cases)`; which cases have a
target, 1 or 0, `(1 or runs, cases)`; whether a case is right or wrong as a whole."""

Schedule = namedtuple("Schedule", "epsilon alpha decay sweeps before tolerances stop recorded_at snapshot_at order")
"""How to train: rates, `(1 or runs, 1 or size)`; sweeps to do, and done before; tolerances, the loosest first,
and 0, which nobody meets; whether a solved run stops; the sweeps at which E is recorded, and the weights are kept; the
cases after each of which the weights change (none: after the sweep)."""

Results = namedtuple("Results", "weights velocity error solved_at snapshots states dE_dw done halt")
"""What a training writes: weights and velocities, `(runs, size)`; E, `(runs, recordings)`; the sweeps at which the
tolerances were met, `(tolerances, runs)`; snapshots, `(snapshots, runs, size)`; of the last sweep, if there is room for
it, states, `(runs, units, padded)`, and ∂E/∂w, `(runs, size)`; the sweeps that each run has done. Whoever sets
`halt[0]` ends the training."""

Weights = namedtuple("Weights", "w velocity epsilon alpha decay dE_dw")  # pointers to what is padded

Part = namedtuple("Part", "y dE_dx by_case row cases bounds counts apart")
"""Some cases of a run: pointers to their states and derivatives; the length of a row, and how many cases are in it;
pointers to their bounds and to which of them count, and how far the rows of these are apart."""


@register_jitable(error_model="numpy", inline="always")
def padded(count):
    """The least multiple of `WIDTH` that is not below `count`."""
    return (count + WIDTH - 1) // WIDTH * WIDTH


def room_for(graph, cases):
    """Room for all that one thread of `train` needs: weights, all cases side by side, and one by itself."""
    return np.zeros(6 * graph.padded + (2 * graph.units + graph.by_case) * (padded(cases.count) + WIDTH))


# ---------------------------------------------------------------- sums of products: (1), (6) and (7)


@compiled
def _products(sums, sums_row, rows, A, A_row, A_step, B, B_row, terms, width):
    """sums[j, c] += sum over k of A[j, k] B[k, c], for so many rows, terms, and columns (a multiple of eight).

    Row j of A begins at j A_row, and its terms are A_step apart. Four independent sums hide the latency of the
    multiply-adds: of four rows, else of four tiles of a row, else of every fourth term.
    """
    wide = width // (4 * WIDTH) * (4 * WIDTH)
    for _ in range(rows // 4):
        for c in range(0, width, WIDTH):
            _four_sums(ahead(sums, c), sums_row, A, A_row, A_step, ahead(B, c), 0, B_row, terms)
        sums, A = ahead(sums, 4 * sums_row), ahead(A, 4 * A_row)
    for _ in range(rows % 4):
        for c in range(0, wide, 4 * WIDTH):
            _four_sums(ahead(sums, c), WIDTH, A, 0, A_step, ahead(B, c), WIDTH, B_row, terms)
        for c in range(wide, width, WIDTH):
            _four_terms(ahead(sums, c), A, A_step, ahead(B, c), B_row, terms)
        sums, A = ahead(sums, sums_row), ahead(A, A_row)


@inlined
def _four_sums(sums, apart, A, A_apart, A_step, B, B_apart, B_row, terms):
    s = load(sums, 0), load(sums, apart), load(sums, 2 * apart), load(sums, 3 * apart)
    s = _four(s, A, A_apart, A_step, B, B_apart, B_row, terms)
    store(sums, 0, s[0])
    store(sums, apart, s[1])
    store(sums, 2 * apart, s[2])
    store(sums, 3 * apart, s[3])


@inlined
def _four_terms(sums, A, A_step, B, B_row, terms):
    s = load(sums, 0), spread(0.0), spread(0.0), spread(0.0)
    s0, s1, s2, s3 = _four(s, A, A_step, 4 * A_step, B, B_row, 4 * B_row, terms // 4)
    for k in range(terms - terms % 4, terms):
        s0 = fma(spread(at(A, k * A_step)), load(B, k * B_row), s0)
    store(sums, 0, add(add(s0, s1), add(s2, s3)))


@inlined
def _four(s, A, A_apart, A_step, B, B_apart, B_step, terms):
    """Four sums side by side, whose terms are so far apart in A and B, with so many more terms each."""
    s0, s1, s2, s3 = s
    for _ in range(terms):
        s0 = fma(spread(at(A, 0)), load(B, 0), s0)
        s1 = fma(spread(at(A, A_apart)), load(B, B_apart), s1)
        s2 = fma(spread(at(A, 2 * A_apart)), load(B, 2 * B_apart), s2)
        s3 = fma(spread(at(A, 3 * A_apart)), load(B, 3 * B_apart), s3)
        A, B = ahead(A, A_step), ahead(B, B_step)
    return s0, s1, s2, s3


@inlined
def _dot(x, y, count):
    s = spread(0.0)
    for c in range(0, count, WIDTH):
        s = fma(load(x, c), load(y, c), s)
    return total(s)


@compiled
def _fill(x, count, value):
    for c in range(count):
        put(x, c, value)


# ---------------------------------------------------------------- a step: equations (1) to (9)


@compiled
def _forward(graph, w, part):
    """The states of all units: equations (1) and (2)."""
    y, row = part.y, part.row
    for layer in graph.layers:
        units, x = layer.units, ahead(y, layer.first * row)
        for j in range(units):
            _fill(ahead(x, j * row), row, at(w, layer.biases + j) if layer.biases >= 0 else 0.0)
        for number in range(layer.links, layer.end):
            link = graph.links[number]
            weights, source, sources = ahead(w, link.weights), ahead(y, link.first * row), link.units
            # (1): x (units, cases) += w (units, sources) y (sources, cases)
            _products(x, row, units, weights, padded(sources), ONE, source, row, sources, row)
        _activate(x, units * row, layer.activation, layer.gain)  # (2)
        _lay_out_by_case(part, layer)


@compiled
def _activate(x, count, activation, gain):
    """Equation (2), in place."""
    for c in range(count):
        z = gain * at(x, c)
        if activation == LOGISTIC:
            y = logistic(z)
        elif activation == TANH:
            y = tanh(z)
        elif activation == SOFTSIGN:
            y = z / (1.0 + abs(z))
        else:
            y = 0.0 if activation == RECTIFIED and z < 0.0 else z
        put(x, c, y)


@compiled
def _lay_out_by_case(part, layer):
    """Copy the states of a layer by case, its units side by side, as (6) reads them."""
    if layer.by_case >= 0:
        row, units, stride = part.row, layer.units, padded(layer.units)
        y, by_case = ahead(part.y, layer.first * row), ahead(part.by_case, layer.by_case * row)
        for c in range(part.cases):
            for i in range(units):
                put(by_case, c * stride + i, at(y, i * row + c))


@compiled
def _compare(graph, part, whole_cases, tolerance):
    """E, how many targets are missed by `tolerance` or more, and ∂E/∂y of the units that have targets, in the buffer of
    ∂E/∂x, where `_slope` makes one of the other: equations (3) and (4). A missing target, NaN, is never missed."""
    row, apart, cases, counts, squares, missed = part.row, part.apart, part.cases, part.counts, 0.0, 0
    computed = graph.layers[0].first * row
    _fill(ahead(part.dE_dx, computed), graph.units * row - computed, 0.0)
    for output in graph.outputs:
        units, y, dE_dy = output.units, ahead(part.y, output.first * row), ahead(part.dE_dx, output.first * row)
        lower, size = ahead(part.bounds, output.bounds * apart), units * apart
        upper, aim, desired = ahead(lower, size), ahead(lower, 2 * size), ahead(lower, 3 * size)
        for j in range(units):
            for c in range(cases):
                k, d = j * row + c, j * apart + c
                held_out = at(counts, c) == 0.0
                good = (at(lower, d) <= at(y, k)) & (at(y, k) <= at(upper, d)) | held_out
                put(dE_dy, k, 0.0 if good else at(y, k) - at(aim, d))  # (4)
                missed += (abs(at(y, k) - at(desired, d)) >= tolerance) & (not held_out)
        for c in range(cases if whole_cases else 0):  # where one unit is not good enough, all have errors
            wrong = False
            for j in range(units):
                wrong |= at(dE_dy, j * row + c) != 0.0
            for j in range(units):
                k, d = j * row + c, j * apart + c
                put(dE_dy, k, at(y, k) - at(aim, d) if wrong and at(desired, d) == at(desired, d) else 0.0)
        squares += _dot(dE_dy, dE_dy, units * row)
    return 0.5 * squares, missed  # (3)


@compiled
def _backward(graph, w, dE_dw, part):
    """∂E/∂w, from the top layer down: equations (5) to (7)."""
    row = part.row
    _fill(dE_dw, graph.padded, 0.0)
    for number in range(len(graph.layers) - 1, -1, -1):
        layer = graph.layers[number]
        units, dE_dx, dE_db = layer.units, ahead(part.dE_dx, layer.first * row), ahead(dE_dw, layer.biases)
        _slope(dE_dx, ahead(part.y, layer.first * row), units * row, layer.activation, layer.gain)  # (5)
        for j in range(units if layer.biases >= 0 else 0):
            s = spread(0.0)
            for c in range(0, row, WIDTH):
                s = add(s, load(dE_dx, j * row + c))
            put(dE_db, j, at(dE_db, j) + total(s))  # (6), y_i being 1
        for number_of_link in range(layer.links, layer.end):
            link = graph.links[number_of_link]
            weights, sources, stride = ahead(dE_dw, link.weights), link.units, padded(link.units)
            if link.by_case >= 0:
                # (6): ∂E/∂w (units, sources) += ∂E/∂x (units, cases) y (cases, sources)
                y = ahead(part.by_case, link.by_case * row)
                _products(weights, stride, units, dE_dx, row, ONE, y, stride, part.cases, stride)
            else:  # few sources: by case, they would leave most of the eight places empty
                y = ahead(part.y, link.first * row)
                for j in range(units):
                    for i in range(sources):
                        k = j * stride + i
                        put(weights, k, at(weights, k) + _dot(ahead(dE_dx, j * row), ahead(y, i * row), row))  # (6)
            if link.computed:
                # (7): ∂E/∂y (sources, cases) += w, its columns as rows (sources, units), ∂E/∂x (units, cases)
                dE_dy = ahead(part.dE_dx, link.first * row)
                _products(dE_dy, row, sources, ahead(w, link.weights), ONE, stride, dE_dx, row, units, row)


@compiled
def _slope(dE_dx, y, count, activation, gain):
    """Equation (5), in place: ∂E/∂y becomes ∂E/∂x."""
    for c in range(count):
        s = 1.0
        if activation == LOGISTIC:
            s = at(y, c) * (1.0 - at(y, c))
        elif activation == TANH:
            s = 1.0 - at(y, c) * at(y, c)
        elif activation == SOFTSIGN:
            s = (1.0 - abs(at(y, c))) * (1.0 - abs(at(y, c)))
        elif activation == RECTIFIED:
            s = 1.0 if at(y, c) > 0.0 else 0.0
        put(dE_dx, c, at(dE_dx, c) * (gain * s))


@compiled
def _change(graph, weights, part):
    """Change the weights by ∂E/∂w of some cases, then by decay, which velocity never sees. Are all weights finite?"""
    w, velocity, epsilon, alpha, decay, dE_dw = weights
    _backward(graph, w, dE_dw, part)
    for k in range(graph.padded):
        put(velocity, k, fma(at(alpha, k), at(velocity, k), -(at(epsilon, k) * at(dE_dw, k))))  # (9); (8) if α is 0
        put(w, k, (at(w, k) + at(velocity, k)) * (1.0 - at(decay, k)))
    return _finite(w, graph.padded)


@compiled
def _finite(w, count):
    lost = 0
    for k in range(count):
        lost += not (abs(at(w, k)) < np.inf)
    return lost == 0


# ---------------------------------------------------------------- a run and its cases


@inlined
def _of_run(array, run):
    """Where that of a run begins in an array that has something for each run, or the same for all."""
    return ahead(pointer(array), run * (array.size // len(array)) if len(array) > 1 else 0)


@compiled
def _lay_out(graph, cases, run, first, count, room):
    """The `Part` of so many cases of a run from the first, in this room, with the states of the input units."""
    row, apart, size = padded(count), cases.count, graph.units * padded(count)
    inputs, bounds = ahead(_of_run(cases.inputs, run), first), ahead(_of_run(cases.bounds, run), first)
    counts = ahead(_of_run(cases.counts, run), first)
    part = Part(room, ahead(room, size), ahead(room, 2 * size), row, count, bounds, counts, apart)
    for i in range(cases.inputs.shape[1]):
        for c in range(count):
            put(room, i * row + c, at(inputs, i * apart + c))
    for link in graph.links:
        if not link.computed:
            _lay_out_by_case(part, link)
    return part


@compiled
def _gather(padded_weights, places, w):
    """Weights as they were handed over, of padded ones."""
    for k in range(len(places)):
        w[k] = at(padded_weights, places[k])


@compiled
def _scatter(w, run, places, padded_weights):
    """Padded weights, or rates, of a run, of one for each weight, or one for all."""
    mine = _of_run(w, run)
    for k in range(len(places)):
        put(padded_weights, places[k], at(mine, k if w.shape[1] > 1 else 0))


@entry
def train(graph, cases, schedule, results, room, first, last):
    """Train the runs from `first` to `last`, each by itself: equations (1) to (9), one sweep after the other."""
    places, size, sweeps, before = graph.places, graph.padded, schedule.sweeps, schedule.before
    tolerances, snapshot_at, wanted = schedule.tolerances, schedule.snapshot_at, len(results.solved_at)
    w = pointer(room)
    given = results.weights, results.velocity, schedule.epsilon, schedule.alpha, schedule.decay
    velocity, dE_dw = ahead(w, size), ahead(w, 5 * size)
    weights = Weights(w, velocity, ahead(w, 2 * size), ahead(w, 3 * size), ahead(w, 4 * size), dE_dw)
    room_for_one = ahead(w, 6 * size)
    room_for_all = ahead(room_for_one, (2 * graph.units + graph.by_case) * WIDTH)
    for run in range(first, last):
        for number in range(len(given)):
            _scatter(given[number], run, places, ahead(w, number * size))
        whole = _lay_out(graph, cases, run, 0, cases.count, room_for_all)
        met, recorded, kept, t = 0, 0, 0, 0  # tolerances, recordings, snapshots, sweeps
        while met < wanted and results.solved_at[met, run] >= 0:
            met += 1
        active = _finite(w, size) and not (schedule.stop and met == wanted)
        while active:
            _forward(graph, w, whole)
            E, missed = _compare(graph, whole, cases.whole_cases, tolerances[met])
            if schedule.recorded_at[recorded] == before + t:
                results.error[run, recorded] = E
                recorded += 1
            while met < wanted and missed == 0 and np.isfinite(E):
                results.solved_at[met, run] = before + t
                met += 1
                _, missed = _compare(graph, whole, cases.whole_cases, tolerances[met])
            if kept < len(snapshot_at) and snapshot_at[kept] == before + t:
                _gather(w, places, results.snapshots[kept, run])
                kept += 1
            if t == sweeps or (schedule.stop and met == wanted) or results.halt[0]:
                break
            if len(schedule.order) == 0:
                active = _change(graph, weights, whole)
            for case in schedule.order:
                if active and at(whole.counts, case) != 0.0:
                    one = _lay_out(graph, cases, run, case, 1, room_for_one)
                    _forward(graph, w, one)
                    _compare(graph, one, cases.whole_cases, 0.0)
                    active = _change(graph, weights, one)
            t += 1
            results.done[run] = t
        results.done[run] = sweeps
        _gather(w, places, results.weights[run])
        _gather(velocity, places, results.velocity[run])
        for k in range(kept, len(snapshot_at)):
            _gather(w, places, results.snapshots[k, run])
        if len(results.states):
            states = _of_run(results.states, run)
            for k in range(graph.units * whole.row):
                put(states, k, at(whole.y, k))
        if len(results.dE_dw) and _finite(w, size):
            _backward(graph, w, dE_dw, whole)
            _gather(dE_dw, places, results.dE_dw[run])


# ---------------------------------------------------------------- pointers, and vectors: eight numbers side by side


class _Eight(types.Type):  # in as many registers as the machine needs for them
    pass


_EIGHT, _FLOAT = _Eight("eight"), types.float64
_VECTOR, _INDEX = ir.VectorType(ir.DoubleType(), WIDTH), ir.IntType(32)
register_model(_Eight)(lambda manager, kind: models.PrimitiveModel(manager, kind, _VECTOR))


@intrinsic
def pointer(typing_context, array):
    """Where the numbers of a contiguous array are. Whoever takes it keeps the array alive."""
    data = lambda context, b, signature, a: context.make_array(signature.args[0])(context, b, a[0]).data  # noqa: E731
    return types.CPointer(array.dtype)(array), data


def _operation(result, code):
    """An operation of compiled code: the type of its result, by those of its arguments, and the instructions for it,
    which `b` builds of the values of the arguments."""

    @intrinsic
    @wraps(code)  # Numba asks for the names of the arguments
    def operation(typing_context, *arguments):
        kind = result(*arguments)

        def build(context, b, signature, values):
            made = code(b, *values)
            return context.get_dummy_value() if kind == types.void else made

        return kind(*arguments), build

    return operation


def _eight_at(b, p, i):
    return b.bitcast(b.gep(p, [i]), _VECTOR.as_pointer())


def _fma(b, x, y, z):
    function = ir.FunctionType(x.type, [x.type] * 3)
    name = f"llvm.fma.{'v8' if x.type == _VECTOR else ''}f64"
    return b.call(cgutils.get_or_insert_function(b.module, function, name), [x, y, z])


def _spread(b, x):
    one = b.insert_element(ir.Constant(_VECTOR, ir.Undefined), x, _INDEX(0))
    return b.shuffle_vector(one, one, ir.Constant(ir.VectorType(_INDEX, WIDTH), [0] * WIDTH))


def _total(b, s):
    part = [b.extract_element(s, _INDEX(k)) for k in range(WIDTH)]
    pair = [b.fadd(part[k], part[k + 4]) for k in range(4)]
    return b.fadd(b.fadd(pair[0], pair[2]), b.fadd(pair[1], pair[3]))


ahead = _operation(lambda p, n: p, lambda b, p, n: b.gep(p, [n]))  # p + n; indices need no checks here
at = _operation(lambda p, i: p.dtype, lambda b, p, i: b.load(b.gep(p, [i])))  # p[i]
put = _operation(lambda p, i, x: types.void, lambda b, p, i, x: b.store(x, b.gep(p, [i])))  # p[i] = x
load = _operation(lambda p, i: _EIGHT, lambda b, p, i: b.load(_eight_at(b, p, i), align=8))  # p[i], ..., p[i + 7]
store = _operation(lambda p, i, s: types.void, lambda b, p, i, s: b.store(s, _eight_at(b, p, i), align=8))
add = _operation(lambda s, t: s, lambda b, s, t: b.fadd(s, t))  # eight and eight
spread = _operation(lambda x: _EIGHT, _spread)  # x, eight times
total = _operation(lambda s: _FLOAT, _total)  # the sum of the eight: ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7))
fma = _operation(lambda x, y, z: z, _fma)  # x y + z, rounded once, if need be by software
_bits = _operation(lambda x: types.int64, lambda b, x: b.bitcast(x, ir.IntType(64)))  # the 64 bits of a float
_float = _operation(lambda k: _FLOAT, lambda b, k: b.bitcast(k, ir.DoubleType()))  # the float of these 64 bits


@inlined
def _exponential(z):
    """e^z = 2^k (Q + P) / (Q - P): P, Q and 2^k, by the rational form of Cephes (S. Moshier), for |z| up to 708."""
    z = 708.0 if z > 708.0 else z  # a NaN stays one
    z = -708.0 if z < -708.0 else z
    shifted = fma(z, 1.4426950408889634, 6755399441055744.0)  # z / log 2 + 1.5 2^52, whose last bits are the integer k
    k, power = shifted - 6755399441055744.0, _float((_bits(shifted) + 1023) << 52)
    r = fma(k, -1.42860682030941723212e-6, fma(k, -6.93145751953125e-1, z))  # z - k log 2, log 2 in two parts
    q = r * r
    P = r * fma(fma(1.26177193074810590878e-4, q, 3.02994407707441961300e-2), q, 9.99999999999999999910e-1)
    Q = fma(fma(fma(3.00198505138664455042e-6, q, 2.52448340349684104192e-3), q, 2.27265548208155028766e-1), q, 2.0)
    return P, Q, power


@inlined
def logistic(x):
    """1 / (1 + e^-x), equation (2), with a single division."""
    P, Q, power = _exponential(-x)
    return (Q - P) / fma(Q + P, power, Q - P)


@inlined
def tanh(x):
    """(e^2x - 1) / (e^2x + 1), exact to the last digits near 0, too."""
    P, Q, power = _exponential(2.0 * x)
    return fma(Q, power - 1.0, P * (power + 1.0)) / fma(Q, power + 1.0, P * (power - 1.0))
