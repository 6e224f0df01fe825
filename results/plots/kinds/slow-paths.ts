/** `slow-paths`: how often an allocation needs a search of the radix tree, and how long that is. */

import { DASHED } from "../panels.js";
import { perSecond, shareOf } from "../series.js";
import { timeKind } from "../time-kind.js";

export const slowPaths = timeKind({
  name: "slow-paths",
  about: "page cache hits, find rate, entries scanned by a search, spans allocated and searches over time",
  heights: [120, 120],
  panels: [
    {
      title: "Share of …",
      quantity: "share",
      isStaircase: false,
      reach: 1,
      lines: [
        {
          label: "spans that a page cache had",
          alone: "Page cache hits: share of the spans allocated",
          color: "blue",
          width: 2,
          points: shareOf("cache_allocs", ["span_allocs"]),
        },
        {
          label: "page allocator calls that needed find()",
          alone: "find rate: share of the page allocator's calls that needed find()",
          color: "red",
          points: shareOf("find_calls", ["find_calls", "fast_path_allocs"]),
          width: 1,
        },
      ],
    },
    {
      title: "Summary entries scanned by a find()",
      quantity: "wideCount",
      isStaircase: false,
      lines: [
        {
          label: "Summary entries scanned by a find()",
          color: "red",
          points: shareOf("find_entries", ["find_calls"]),
        },
      ],
    },
    {
      title: "Per second",
      quantity: "perSecond",
      isStaircase: false,
      lines: [
        {
          label: "spans allocated",
          alone: "Spans allocated",
          color: "blue",
          points: perSecond("span_allocs"),
        },
        {
          label: "calls of find()",
          alone: "Calls of find()",
          color: "red",
          points: perSecond("find_calls"),
          dash: DASHED,
        },
      ],
    },
  ],
});
