/** Valid scenarios, which between them use every key and kind there is. */

export const FULL = `
name: everything
about: |
  A scenario that says all that can be said.
  It costs 5$$ and takes \${length}.
issue: golang/go#78962
params:
  scale: {about: how much of everything, default: 1, min: 0.1, max: 100, unit: number}
  heap: {about: live heap, default: "\${64MiB * scale}", unit: size}
  page: {about: physical pages, default: 4KiB, choices: [4KiB, 16KiB, 64KiB]}
  length: {about: length of the first phase, default: 10s, min: 1s, max: 1h}
  kind: {about: kind of the spans, default: stack, choices: [heap, stack]}
  awake: {about: whether the scavenger runs, default: true}
seed: seven
platform: {preset: linux/arm64, physPage: $page, hugePage: 0B, arena: 4MiB}
machine: {procs: 8, ram: 16GiB, thp: madvise, khugepaged: {maxPtesNone: 0, scanPages: 512, scanPeriod: 1s}}
lock: {model: true, base: 50ns, entry: 2ns, chunk: 30ns, refill: 0, grow: 1us}
regret: {window: 1m}
gc: {gogc: off, minHeap: 8MiB, globals: 1MiB, forcedPeriod: forever, memoryLimit: 2GiB}
costs:
  markRate: 500MiB/s
  sweepSpan: 300ns
  madviseCall: 2us
  madvisePage: 0
  madviseHugePage: 10µs
  pageFault: 0.5us
  hugeFault: 50us
  hugeAdvice: 1us
  collapse: 1ms
  compact: 20ms
scavenger: {background: $awake, idleTimer: 20ms, clockGranularity: 15ms}
policy: go1.18
duration: "\${length + 2m}"
samples: {every: 100ms}
limits: {events: 1e9, live: 1e6}
phases:
  fill:
    about: fills the heap
    duration: $length
    workloads:
      cache:
        kind: objects
        about: a cache
        rate: {ramp: {from: 0/s, to: "\${1000/s * scale}", over: 5s, start: 1s}}
        arrivals: regular
        batch: {geometric: {mean: 4}}
        initial: "\${round(heap / 1KiB)}"
        count: 100000
        size: {choice: {16B: 3, $page: 1}}
        noscan: 10%
        lifetime: {mixture: [{weight: 95%, of: {exponential: {mean: 10ms}}}, {weight: 5%, of: forever}]}
        dropAtStop: 95%
        start: 1s
        stop: 3s
        repeat: {every: 3s, times: 2}
        proc: 7
      drip: {kind: leak, of: cache, fraction: 1%, lifetime: 1h}
      seep: {kind: leak, of: background, fraction: 0.5}
    actions:
      - {do: setProcs, at: 1s, to: 2}
      - {do: gc, at: 2s, repeat: {every: 1s, times: 3}}
  idle: {duration: 2m}
workloads:
  background:
    kind: spans
    rate: {sum: [10/s, {pulse: {base: 0/s, peak: 50/s, at: 1s, width: 1s, every: 10s}}]}
    pages: {zipf: {max: 16, exponent: 1.2}}
    lifetime: {weibull: {scale: 1s, shape: 0.7}}
    spanKind: $kind
    freedBy: program
  alternating:
    kind: spans
    throughput: {constant: 1MiB/s}
    order: cycle
    mix:
      - {weight: 1, pages: 1, lifetime: forever}
      - {weight: 1, pages: {uniform: {min: 8, max: 9}}, lifetime: 1ms, spanKind: noscan}
  profile:
    kind: birthDeath
    rows:
      - {pages: 1, rate: 100/s, live: 1000}
      - {pages: 4, rate: 0/s, live: 0, spanKind: workbuf}
    intensity: {oscillate: {mean: 1, amplitude: 0.5, period: 1m, phase: 0.25}}
    freedBy: program
    dropAtStop: 1
  sorts:
    kind: objects
    rate: {product: [100/s, {sawtooth: {min: 0, max: 1, period: 1s}}]}
    mix:
      - {size: {lognormal: {mean: 100B, sigma: 1}, atMost: 32KiB}, lifetime: {gamma: {mean: 1s, shape: 2}}}
      - {size: {pareto: {min: 16B, shape: 1.5}, atLeast: 32B}, lifetime: {normal: {mean: 1s, deviation: 100ms}}, noscan: 1}
  goroutines:
    kind: stacks
    rate: {randomWalk: {start: 10/s, step: 1/s, every: 1s, min: 0/s, max: 20/s}}
    lifetime: {empirical: {0%: 1ms, 50%: 10ms, 100%: 1s}}
    depth: {histogram: {edges: [1KiB, 8KiB, 64KiB], weights: [9, 1]}}
    growth: 1ms
    hold: 5ms
    rest: 0B
  buffers:
    kind: buffers
    rate: {piecewise: [[0s, 0/s], [10s, 1/s], [10s, 0/s]]}
    from: 64KiB
    to: {scaled: {of: {shifted: {of: 1MiB, by: 1KiB}}, by: 2}}
    factor: 1.5
    step: {exponential: {mean: 1ms}}
    copy: 1ms
    lifetime: 1s
    pool: 3
    noscan: 0.5
    survivor: {size: 24B, lifetime: 1m}
  replay:
    kind: trace
    file: "\${kind}.csv.gz"
    timeScale: 0.5
    cut: {from: 1s, to: 5s}
    filter: {spanKinds: [heap, noscan], minPages: 2, maxPages: 100}
    frees: recorded
    dropAtStop: 0.5
    proc: 0
  curves:
    kind: spans
    rate:
      clamp:
        of:
          max:
            - {delay: {of: {step: {before: 1/s, after: 2/s, at: 1s}}, by: 1s}}
            - {min: [5/s, {offset: {of: {scale: {of: 1/s, by: 3}}, by: -1/s}}]}
            - {repeat: {of: {ramp: {from: 1/s, to: 2/s, over: 1s}}, every: 2s, times: 3}}
        max: 100/s
    pages: {poisson: {mean: 3}, atLeast: 1}
    lifetime: {lognormal: {median: 1s, sigma: 0.5}}
actions:
  - {do: freeOSMemory, at: 2m}
  - {do: setGogc, at: 50s, to: 50}
  - {do: setGogc, at: 51s, to: off}
  - {do: setScavenger, at: 52s, to: false}
  - {do: setMemoryLimit, at: 52s, to: 1GiB}
  - {do: setRam, at: 53s, to: unlimited}
expect:
  - {peak: heap_sys_bytes, during: fill, atMost: 1GiB, about: it is small}
  - {value: heap_released_bytes, at: end, of: {value: heap_idle_bytes, at: 60s}, atLeast: 90%}
  - {increase: heap_inuse_bytes, from: 1s, to: 2s, between: [-1MiB, 2MiB]}
  - {mean: find_rate, below: 25%, policies: [..go1.12.5, go1.13.4..go1.14, decay, go1.13.3]}
  - {p95: find_calls_per_s, above: 1/s}
  - {last: gc_cycles, equals: 3}
  - {exit: out of memory, from: 10s, policies: [go1.21.2.., contrasts]}
`;

export const SMALL = `name: small
duration: 10s
workloads:
  w: {kind: spans, rate: 100/s, pages: 1, lifetime: {exponential: {mean: 10ms}}}
`;

export const PHASES = `name: phases
params:
  size: {about: size of the spike, default: 100MiB, min: 1MiB}
phases:
  spike:
    duration: 1s
    workloads:
      big: {kind: buffers, initial: 10, to: $size, lifetime: forever, dropAtStop: 100%}
  idle: {duration: 3m}
expect:
  - {value: heap_retained_bytes, at: end, atMost: "\${size / 2}"}
`;
