/**
 * Looks at a run after every so many events, with all checkers of states and an account of its own.
 *
 *     Runtime ──object, span, kill, pages──► Ledger: what is alive, the obvious way ──► compared with each mark
 *     Heap    ──beginRelease, endRelease──► pages under madvise ──► compared with the bitmaps
 *     Simulation ──every event──► now and then: pages, heap, objects, stacks, collector, scavenger
 *
 * The account wraps methods of the run's own parts, so it sees every call and changes nothing.
 */

import { NO_EVENT } from "../../engine/simulation.js";
import { Fragmentation } from "../../sim/heap/fragmentation.js";
import { isHeapKind, KIND_STACK } from "../../sim/heap/kinds.js";
import { NO_SPAN } from "../../sim/objects/object-spans.js";
import { FOREVER } from "../../sim/objects/objects.js";
import { objectBytes, SPAN_CLASSES, spanClassOf } from "../../sim/objects/size-classes.js";
import { BackgroundScavenger, ScavengerState } from "../../sim/scavenge/background.js";
import type { ScenarioRun } from "../../studies/scenario-run.js";
import { checkFragmentation } from "../checkers/check-fragmentation.js";
import { checkResidency } from "../checkers/check-residency.js";
import { checkHeap, StateError } from "../checkers/state-checkers.js";
import { checkObjects } from "../sim/objects/check-objects.js";
import { checkStacks } from "./check-stacks.js";

/** Below this size objects without pointers share blocks, so that only bounds are known. */
const TINY = 16;
/** A run that maps more is stopped: checks walk over all pages. */
const MAX_MAPPED_BYTES = 384 * 1024 * 1024;
/** A mapped chunk is so many events of work for the checkers, roughly. */
const EVENTS_PER_CHECKED_PAGE = 1 / 25;

export interface Watch {
  checks: number;
  marks: number;
  /** Whether it was ended before its time. */
  stopped: boolean;
}

/** Looks at a run from its start to its end, and stops it after so many events. */
export function watch(run: ScenarioRun, everyEvents: number, maxEvents: number): Watch {
  const state: Watch = { checks: 0, marks: 0, stopped: false };
  const ledger = new Ledger(run);
  ledger.onMark = () => {
    state.marks++;
  };
  const { sim, heap } = run;
  let nextCheck = everyEvents;
  // So that every event comes by here.
  sim.advance = () => false;
  const handles = sim["handles"];
  for (let i = 0; i < handles.length; i++) {
    const handle = handles[i]!;
    handles[i] = (a, b) => {
      handle(a, b);
      const mapped = heap.statistics.mappedBytes;
      if (sim.events >= maxEvents || mapped > MAX_MAPPED_BYTES) {
        sim.stop();
        state.stopped = true;
      }
      if (sim.events < nextCheck) return;
      const pages = mapped / heap.geometry.pageBytes;
      nextCheck = sim.events + Math.max(everyEvents, Math.floor(pages * EVENTS_PER_CHECKED_PAGE));
      state.checks++;
      checkRun(run, ledger);
    };
  }
  return state;
}

/** All that must be true between two events. @throws StateError */
function checkRun(run: ScenarioRun, ledger: Ledger): void {
  const { heap, runtime, sim } = run;
  const { statistics: s, geometry } = heap;
  const totals = checkHeap(heap, ledger.releasing);
  expectEqual("the difference of spanAllocs and spanFrees", s.spanAllocs - s.spanFrees, totals.spans.length);
  checkObjects(runtime.objects, heap, runtime.objects["held"].length / SPAN_CLASSES, ledger.directHeapPages);
  const stackPages = checkStacks(runtime.stacks, runtime.goroutines, heap);
  const allStacks = (stackPages + ledger.directStackPages) * geometry.pageBytes;
  expectEqual("stack_inuse", s.stackInUseBytes, allStacks);
  checkResidency(heap, ledger.releasing);
  checkResident(run, ledger);
  expectEqual("scavengedBytes", s.scavengedBytes, ledger.releasedPages * geometry.pageBytes);
  expectEqual("heapLive", runtime.objects.heapLiveBytes, ledger.heapLiveBytes);
  checkFragmentation(ledger.fragmentation, heap.pages, heap.caches);
  checkTaken(run);
  checkCollector(run);
  checkScavenger(run, ledger);
  if (!Number.isSafeInteger(sim.nowNs)) fail(`the time is ${sim.nowNs}`);
}

/** Where pages are the system's own unit and go when they are released, what is resident is what the books say. */
function checkResident({ runtime, heap, scenario }: ScenarioRun, ledger: Ledger): void {
  const { statistics: s, geometry, policy, regret } = heap;
  const residency = heap.residency!;
  const { pageBytes, physPageBytes } = geometry;
  let releasing = 0;
  for (const npages of ledger.releasing.values()) releasing += npages * pageBytes;
  const kept = s.mappedBytes - s.heapReleasedBytes - releasing;
  const bytes = runtime.residentBytes - scenario.gc.globalsBytes;
  // New memory, and in 1.11 what shares a span with memory in use, may count as retained without being resident.
  const isKnown = policy.growth.newMemory === "released" && policy.fit.kind !== "free-lists";
  if (isKnown && bytes < kept) fail(`${bytes} bytes are resident, and ${kept} retained`);
  const isExact = isKnown && residency.hugePages === null && physPageBytes <= pageBytes;
  if (isExact) expectEqual("resident bytes", bytes - residency.lazyPages * pageBytes, kept);
  expectEqual(
    "pages of decisions to release",
    regret!.releasedPages * pageBytes,
    s.scavengedBytes + releasing,
  );
  expectEqual("pages used again", regret!.reusedPages * pageBytes, s.refaultedBytes);
}

/** Bytes that the objects count as taken, against the sum over the spans. */
function checkTaken({ runtime: { objects } }: ScenarioRun): void {
  const { spans } = objects;
  const want = [0, 0];
  const held = new Set<number>();
  for (const s of objects["held"]) {
    if (s !== NO_SPAN && spans.sweptAt[s] === objects.generation) held.add(s);
  }
  for (let s = 0; s < spans.rows; s++) {
    if (spans.pages[s]! < 0) continue;
    const free = held.has(s) ? 0 : spans.free[s]!;
    const c = spans.classes[s]!;
    want[c & 1]! += (spans.slots(s) - free - spans.dead[s]!) * objectBytes(c, spans.npages[s]!);
  }
  let dead = 0;
  for (let s = 0; s < spans.rows; s++) {
    if (spans.pages[s]! >= 0) dead += spans.dead[s]! * objectBytes(spans.classes[s]!, spans.npages[s]!);
  }
  expectEqual("heapAlloc", objects.heapAllocBytes, want[0]! + want[1]! + dead);
  expectEqual("takenBytes with pointers", objects["takenBytes"][0]!, want[0]!);
  expectEqual("takenBytes without pointers", objects["takenBytes"][1]!, want[1]!);
  if (objects.heapLiveBytes < want[0]! + want[1]!) {
    fail(`heapLive is ${objects.heapLiveBytes}, below the ${want[0]! + want[1]!} taken`);
  }
}

function checkCollector({ runtime, sim }: ScenarioRun): void {
  const { collector, objects } = runtime;
  const { pacer } = collector;
  expectEqual("the pacer's heapLive", pacer.heapLiveBytes, objects.heapLiveBytes);
  if (collector.marking && objects.unsweptSpans > 0)
    fail(`${objects.unsweptSpans} spans are unswept in a mark`);
  expectEqual("the number of marks", objects.generation, collector.cycles);
  if (
    collector.markStartNs > sim.nowNs ||
    (!collector.marking && collector.markEndNs < collector.markStartNs)
  ) {
    fail(`the mark from ${collector.markStartNs} to ${collector.markEndNs} is impossible at ${sim.nowNs}`);
  }
  const due = !collector.marking && pacer.gcPercent >= 0 && pacer.heapLiveBytes >= pacer.triggerBytes;
  if (
    due &&
    collector.cycles > 0 &&
    pacer.heapLiveBytes > pacer.heapMarkedBytes &&
    collector["startEvent"] === NO_EVENT
  ) {
    fail(`heapLive ${pacer.heapLiveBytes} is at the trigger ${pacer.triggerBytes}, but no cycle starts`);
  }
  if (collector.marking && collector["endEvent"] === NO_EVENT) fail("a mark goes on that will never end");
}

function checkScavenger({ runtime, heap, sim }: ScenarioRun, ledger: Ledger): void {
  const { scavenger } = runtime;
  const sleeping = scavenger.state === ScavengerState.sleeping;
  if (sleeping !== Number.isFinite(scavenger.timerNs) && sleeping)
    fail("the scavenger sleeps without a timer");
  if (sleeping && scavenger.timerNs < sim.nowNs) fail("the scavenger overslept");
  if (scavenger.busyProcs < 0 || scavenger.busyProcs > heap.procs) {
    fail(`${scavenger.busyProcs} of ${heap.procs} Ps are busy`);
  }
  if (
    scavenger instanceof BackgroundScavenger &&
    !(scavenger.sleepRatio >= 0.001 && scavenger.sleepRatio <= 1000)
  ) {
    fail(`the sleep ratio is ${scavenger.sleepRatio}`);
  }
  if (ledger.releasing.size > 1) fail(`${ledger.releasing.size} ranges are under madvise at once`);
  if (ledger.releasing.size === 1 && scavenger.state !== ScavengerState.working) {
    fail("a range is under madvise, but the scavenger does not work");
  }
  if (scavenger.releasedBytes > heap.statistics.scavengedBytes) {
    fail(`the background scavenger released ${scavenger.releasedBytes}, more than all`);
  }
}

/** What the program holds, in lists. */
class Ledger {
  /** Ranges under madvise: pages by first page. */
  readonly releasing = new Map<number, number>();
  /** Pages whose release ended. */
  releasedPages = 0;
  /** Pages that the program frees itself: of heap kinds, and stacks. */
  directHeapPages = 0;
  directStackPages = 0;
  /** heapLive by its changes since the last mark. */
  heapLiveBytes = 0;
  onMark: () => void = () => {};
  /** Measured from check to check, as samples are. */
  readonly fragmentation = new Fragmentation();

  /** What dies at a known time, by allocation; and bytes of what does not. */
  private dying: { bytes: number; deathNs: number; tiny: boolean }[] = [];
  /** What a mark finds dead, by the number of that mark; and marks begun. */
  private aged: { bytes: number; mark: number }[] = [];
  private marks = 0;
  private undyingBytes = 0;
  private undyingTiny = 0;
  private killedBytes = 0;
  private killedLateBytes = 0;

  constructor(private readonly run: ScenarioRun) {
    this.followProgram();
    this.followMarks();
    this.followScavenger();
  }

  private followProgram(): void {
    const { runtime, heap } = this.run;
    const { object, span, agedSpan, kill, pages, freePages, heapLiveChanged } = bound(runtime);
    runtime.object = (p, bytes, noscan, deathNs) => {
      const tiny = noscan && bytes < TINY;
      const size =
        bytes > 32768 ? 8192 * Math.ceil(bytes / 8192) : objectBytes(spanClassOf(bytes, noscan), 0);
      if (bytes > 0) this.made(tiny ? TINY : size, deathNs, tiny);
      return object(p, bytes, noscan, deathNs);
    };
    runtime.span = (p, npages, kind, deathNs) => {
      this.made(npages * 8192, deathNs, false);
      return span(p, npages, kind, deathNs);
    };
    runtime.agedSpan = (p, npages, kind, collections) => {
      this.aged.push({ bytes: npages * 8192, mark: this.marks + collections });
      return agedSpan(p, npages, kind, collections);
    };
    runtime.kill = (handle) => {
      const { spans } = runtime.objects;
      const bytes = objectBytes(spans.classes[handle]!, spans.npages[handle]!);
      if (runtime.collector.marking) this.killedLateBytes += bytes;
      else this.killedBytes += bytes;
      kill(handle);
    };
    runtime.pages = (p, npages, kind, deathNs) => {
      if (isHeapKind(kind)) this.directHeapPages += npages;
      if (kind === KIND_STACK) this.directStackPages += npages;
      return pages(p, npages, kind, deathNs);
    };
    runtime.freePages = (page) => {
      const kind = heap.spans.kindAt(page);
      if (isHeapKind(kind)) this.directHeapPages -= heap.spans.npagesAt(page);
      if (kind === KIND_STACK) this.directStackPages -= heap.spans.npagesAt(page);
      freePages(page);
    };
    runtime.heapLiveChanged = (delta) => {
      this.heapLiveBytes += delta;
      heapLiveChanged(delta);
    };
  }

  private made(bytes: number, deathNs: number, tiny: boolean): void {
    if (deathNs !== FOREVER) this.dying.push({ bytes, deathNs, tiny });
    else if (tiny) this.undyingTiny++;
    else this.undyingBytes += bytes;
  }

  /** Every mark finds what was alive when it began: exactly, but for the blocks that tiny objects share. */
  private followMarks(): void {
    const { sim, runtime } = this.run;
    const { objects, goroutines } = runtime;
    const { startMark, finishMark } = bound(objects);
    let startedNs = 0;
    objects.startMark = () => {
      startedNs = sim.nowNs;
      this.marks++;
      startMark();
    };
    objects.finishMark = (markStartNs, nowNs) => {
      const marked = finishMark(markStartNs, nowNs);
      this.dying = this.dying.filter(({ deathNs }) => deathNs >= startedNs);
      this.aged = this.aged.filter(({ mark }) => mark > this.marks);
      this.undyingBytes -= this.killedBytes;
      this.killedBytes = this.killedLateBytes;
      this.killedLateBytes = 0;
      let bytes = this.undyingBytes + goroutines.made * objectBytes(spanClassOf(392, false), 0);
      let tiny = this.undyingTiny;
      for (const thing of this.aged) bytes += thing.bytes;
      for (const thing of this.dying) {
        if (thing.tiny) tiny++;
        else bytes += thing.bytes;
      }
      const least = bytes + (tiny > 0 ? TINY : 0);
      if (marked < least || marked > bytes + tiny * TINY) {
        fail(`a mark found ${marked} bytes alive, expected ${least} to ${bytes + tiny * TINY}`);
      }
      this.heapLiveBytes = marked;
      this.onMark();
      return marked;
    };
  }

  private followScavenger(): void {
    const { scavenger } = this.run.heap;
    const { beginRelease, endRelease } = bound(scavenger);
    scavenger.beginRelease = (page, npages) => {
      this.releasing.set(page, npages);
      beginRelease(page, npages);
    };
    scavenger.endRelease = (page, npages) => {
      if (this.releasing.get(page) !== npages) fail(`the release of ${npages} pages at ${page} never began`);
      this.releasing.delete(page);
      this.releasedPages += npages;
      endRelease(page, npages);
    };
  }
}

/** The methods of an object, which may be called after others took their places. */
function bound<T extends object>(of: T): T {
  return new Proxy(of, {
    get: (target, key) => {
      const method = Object.getPrototypeOf(target)[key] as (...args: never[]) => unknown;
      return method.bind(target);
    },
  });
}

function expectEqual(what: string, got: number, want: number): void {
  if (got !== want) fail(`${what} is ${got}, expected ${want}`);
}

function fail(sentence: string): never {
  throw new StateError(sentence);
}
