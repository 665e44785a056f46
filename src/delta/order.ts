import { compareBytes, parentsOf } from '../support/paths.js'
import type { TreeChange } from './change.js'
import type { Operation } from './operation.js'

/**
 * The changes as operations, in an order that is right when they are applied one after another to plain files
 * (faults.md row 37): deletions first, deepest first; then moves; then contents, folder by folder, so that each part of
 * a large delta changes few folders and leaves few trees to be written between the parts.
 *
 * Law: `apply(base, orderOperations(changes(base, target))) = target`.
 */
export function orderOperations(changes: readonly TreeChange[]): Operation[] {
  const deleted: Operation[] = []
  const moved: Operation[] = []
  const contents: Operation[] = []
  const isSafe = safeMoves(changes)
  for (const change of changes) {
    if (change.kind === 'removed') deleted.push({ kind: 'deleted', path: change.path })
    else if (change.kind === 'created' || change.kind === 'updated') contents.push(change)
    else if (isSafe(change)) {
      moved.push({ kind: 'moved', path: change.path, source: change.source, blob: change.blob })
    } else {
      deleted.push({ kind: 'deleted', path: change.source })
      contents.push({ kind: 'created', path: change.path, blob: change.blob })
    }
  }
  return [...deleted.sort(deepestFirst), ...moved.sort(shortestFirst), ...contents.sort(byPath)]
}

/**
 * A move is carried out as a move only if its destination is neither above nor below any move's source: else one
 * move would have to run before another. (Its source is gone and its destination new, because git pairs a removed
 * with an added path; so chains and cycles cannot occur.)
 */
function safeMoves(changes: readonly TreeChange[]): (move: { readonly path: string }) => boolean {
  const sources = new Set<string>()
  const foldersOfSources = new Set<string>()
  for (const change of changes) {
    if (change.kind !== 'renamed') continue
    sources.add(change.source)
    for (const folder of parentsOf(change.source)) foldersOfSources.add(folder)
  }
  return ({ path }) => !foldersOfSources.has(path) && !parentsOf(path).some((folder) => sources.has(folder))
}

function deepestFirst(left: Operation, right: Operation): number {
  return depth(right.path) - depth(left.path) || compareBytes(left.path, right.path)
}

function depth(path: string): number {
  let slashes = 0
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) slashes++
  return slashes
}

function byPath(left: Operation, right: Operation): number {
  return compareBytes(left.path, right.path)
}

/** Servers find the content of an operation by how the name of its member ends (protocol.md §2, 3). */
export function shortestFirst(left: { readonly path: string }, right: { readonly path: string }): number {
  return left.path.length - right.path.length || compareBytes(left.path, right.path)
}
