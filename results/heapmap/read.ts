/** Reads the file of a heap map, and says in a sentence what is wrong with one that cannot be read. */

import { readFileSync } from "node:fs";
import { inflateRawSync } from "node:zlib";
import { ByteError, ByteReader } from "./bytes.js";
import { HEAP_MAP_MAGIC, HEAP_MAP_VERSION, type HeapMapHeader } from "./format.js";
import { HeapMap } from "./heap-map.js";

/** A heap map cannot be read; the message says which file, and why. */
export class HeapMapError extends Error {
  override readonly name = "HeapMapError";
}

/** The parts of a file, its records still deflated. */
export interface HeapMapParts {
  readonly header: HeapMapHeader;
  readonly deflated: Uint8Array;
}

/**
 * Reads a heap map.
 * @throws HeapMapError when there is none, or it is damaged or of another version
 */
export function readHeapMap(path: string): HeapMap {
  return mapOf(path, readHeapMapParts(path));
}

/** A heap map that was read already. @param path of the file, for messages @throws HeapMapError as readHeapMap does */
export function parseHeapMap(path: string, bytes: Uint8Array): HeapMap {
  return mapOf(path, partsOf(path, bytes));
}

function mapOf(path: string, { header, deflated }: HeapMapParts): HeapMap {
  try {
    const body = inflateRawSync(deflated, { maxOutputLength: header.body_bytes + 1 });
    if (body.length !== header.body_bytes) throw new ByteError("it is not as long as its header says");
    return new HeapMap(header, body);
  } catch (error) {
    throw new HeapMapError(
      `${path}: the heap map is damaged (${(error as Error).message}): record it again with run --heapmap`,
    );
  }
}

/** Splits the file. @throws HeapMapError as readHeapMap does */
export function readHeapMapParts(path: string): HeapMapParts {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new HeapMapError(
      missing
        ? `${path}: there is no heap map; run with --heapmap records one`
        : `${path}: cannot be read: ${(error as Error).message}`,
    );
  }
  return partsOf(path, bytes);
}

function partsOf(path: string, bytes: Uint8Array): HeapMapParts {
  const magic = new TextDecoder("latin1").decode(bytes.subarray(0, HEAP_MAP_MAGIC.length));
  if (magic !== HEAP_MAP_MAGIC)
    throw new HeapMapError(`${path}: this is no heap map: it does not begin with ${HEAP_MAP_MAGIC}`);
  try {
    return split(path, bytes);
  } catch (error) {
    if (error instanceof HeapMapError) throw error;
    throw new HeapMapError(
      `${path}: the heap map is damaged (${(error as Error).message}): record it again with run --heapmap`,
    );
  }
}

function split(path: string, bytes: Uint8Array): HeapMapParts {
  const reader = new ByteReader(bytes);
  reader.at = HEAP_MAP_MAGIC.length;
  const version = reader.word();
  if (version !== HEAP_MAP_VERSION) {
    throw new HeapMapError(
      `${path}: this heap map is of version ${version}, expected ${HEAP_MAP_VERSION}: record it again with run --heapmap`,
    );
  }
  const headerLength = reader.word();
  const text = new TextDecoder().decode(bytes.subarray(reader.at, reader.at + headerLength));
  const header = JSON.parse(text) as HeapMapHeader;
  reader.at += headerLength;
  const length = reader.word();
  if (bytes.length - reader.at !== length) throw new ByteError("it is not as long as it says");
  return { header, deflated: bytes.subarray(reader.at) };
}
