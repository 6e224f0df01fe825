/**
 * The policies that the tool knows, and how far each can be trusted.
 */

/** How we know that a policy is what the release does. */
export type Evidence = "recorded" | "from source" | "approximate";

/** A policy by name. */
export interface PolicyEntry {
  readonly name: string;
  readonly evidence: Evidence;
  readonly what: string;
}

/** The policies, oldest first. */
export const POLICIES: readonly PolicyEntry[] = [
  {
    name: "go1.18",
    evidence: "recorded",
    what: "radix tree first fit, 64-page caches, scavenger with generations, heap-growth scavenging",
  },
];
