/** The bar that moves the moment: a slider, play and pause, steps, and the keys that do the same from anywhere. */

import { formatTime } from "./format.js";
import type { View } from "./view.js";

/** How long playing the whole range takes, ms. */
const PLAY_MS = 12_000;
const SLIDER_STEPS = 10_000;

export class Player {
  readonly element = document.createElement("div");
  private readonly slider = document.createElement("input");
  private readonly button = document.createElement("button");
  private readonly label = document.createElement("output");
  private playing = false;
  private lastFrameMs = 0;

  /**
   * @param stepNs time between samples
   * @param keyframesNs times of the keyframes of all heap maps, ascending
   */
  constructor(
    private readonly view: View,
    private readonly stepNs: number,
    private readonly keyframesNs: readonly number[],
  ) {
    this.build();
    view.listen((changes) => {
      if (changes.has("moment") || changes.has("range")) this.show();
    });
    document.addEventListener("keydown", (event) => this.key(event));
    this.show();
  }

  private build(): void {
    const { slider, button, label, element } = this;
    element.className = "player";
    button.type = "button";
    button.id = "play";
    button.addEventListener("click", () => this.toggle());
    slider.type = "range";
    slider.id = "moment";
    slider.min = "0";
    slider.max = String(SLIDER_STEPS);
    slider.setAttribute("aria-label", "moment of the run");
    slider.addEventListener("input", () => {
      const { fromNs, toNs } = this.view;
      this.view.setMoment(fromNs + (Number(slider.value) / SLIDER_STEPS) * (toNs - fromNs));
    });
    const whole = buttonOf("Whole run", "all of its time and addresses (Escape)", () => this.showAll());
    element.append(button, slider, label, whole);
    if (this.keyframesNs.length === 0) return;
    const before = buttonOf("◂ keyframe", "to the keyframe before (j)", () => this.goToKeyframe(-1));
    const after = buttonOf("keyframe ▸", "to the next keyframe (k)", () => this.goToKeyframe(1));
    element.append(before, after);
  }

  private showAll(): void {
    const { view } = this;
    view.setRange(0, 0);
    view.setChunks(...view.chunks);
  }

  /** Goes to the nearest keyframe before or after the moment, if there is one. */
  private goToKeyframe(direction: 1 | -1): void {
    const { view, keyframesNs } = this;
    const found =
      direction === 1
        ? keyframesNs.find((ns) => ns > view.momentNs)
        : keyframesNs.findLast((ns) => ns < view.momentNs);
    if (found !== undefined) view.setMoment(found);
  }

  private show(): void {
    const { momentNs, fromNs, toNs } = this.view;
    this.slider.value = String(Math.round(((momentNs - fromNs) / (toNs - fromNs)) * SLIDER_STEPS));
    this.label.textContent = formatTime(momentNs, this.stepNs);
    this.button.textContent = this.playing ? "Pause" : "Play";
    this.slider.setAttribute("aria-valuetext", this.label.textContent);
  }

  private toggle(): void {
    this.playing = !this.playing;
    const { view } = this;
    if (this.playing) {
      if (view.momentNs >= view.toNs) view.setMoment(view.fromNs);
      this.lastFrameMs = performance.now();
      requestAnimationFrame((now) => this.frame(now));
    }
    this.show();
  }

  private frame(nowMs: number): void {
    if (!this.playing) return;
    const { view } = this;
    const passed = Math.max(0, nowMs - this.lastFrameMs);
    this.lastFrameMs = nowMs;
    view.setMoment(Math.min(view.toNs, view.momentNs + (passed / PLAY_MS) * (view.toNs - view.fromNs)));
    if (view.momentNs >= view.toNs) this.playing = false;
    else requestAnimationFrame((now) => this.frame(now));
    this.show();
  }

  private key(event: KeyboardEvent): void {
    const { view, stepNs } = this;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as HTMLElement;
    // A focused control has keys of its own.
    if (target.matches("input") && event.key !== "Escape") return;
    if (target.matches("button, summary, a") && (event.key === " " || event.key === "Enter")) return;
    const step = event.shiftKey ? 10 * stepNs : stepNs;
    switch (event.key) {
      case "ArrowRight":
        view.setMoment(view.momentNs + step);
        break;
      case "ArrowLeft":
        view.setMoment(view.momentNs - step);
        break;
      case "Home":
        view.setMoment(view.fromNs);
        break;
      case "End":
        view.setMoment(view.toNs);
        break;
      case " ":
        this.toggle();
        break;
      case "j":
        this.goToKeyframe(-1);
        break;
      case "k":
        this.goToKeyframe(1);
        break;
      case "Escape":
        this.showAll();
        break;
      default:
        return;
    }
    event.preventDefault();
  }
}

function buttonOf(text: string, title: string, onClick: () => void): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  button.title = title;
  button.addEventListener("click", onClick);
  return button;
}
