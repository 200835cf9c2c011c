import { type OptionNames, refuseUnknown } from '../../model/option-names.ts'
import { replacedPaths } from '../../kit/replacing.ts'
import { posix } from 'node:path'
import type { HostRef } from '../../model/inventory.ts'
import { Advice, operation } from '../../model/operation.ts'
import type { Diff, LocalFile, Operation, Plan } from '../../model/operation.ts'
import { localFolder } from '../../kit/local-file.ts'
import { checkedMode, isSymbolic, modeAfter } from '../../kit/mode.ts'
import { look } from '../../kit/look.ts'
import { absolute, mustHaveWay } from '../../kit/path-state.ts'
import { indispensable } from './absent.ts'
import { bringTree, type TreeChange } from './tree/bring.ts'
import { type Entry, type Listing, listHere, listThere, sumsHere, sumsThere } from './tree/listing.ts'

/** A folder of another host. */
export interface FolderThere {
  readonly from: HostRef
  readonly path: string
}

/** What a tree is to be like. */
export interface TreeOptions {
  /** Whose all of it becomes; what is there keeps its owner unless said, and what is new is the task's user's. */
  readonly owner?: string
  readonly group?: string
  /**
   * The modes of all of it; those of the folder unless said. An octal one gives directories the right to enter wherever
   * it gives the right to read; a symbolic one, as `u=rwX,go=rX`, changes those of the folder.
   */
  readonly mode?: string
  /**
   * What is left alone on both sides, as rsync knows it: `*.bak` anywhere, `/cache` or `etc/*.local` from the root of
   * the tree, `tmp/` for directories only.
   */
  readonly exclude?: readonly string[]
  /** Removes what the folder does not have; what is excluded stays. */
  readonly delete?: boolean
}

const treeNames: OptionNames<TreeOptions> = { owner: true, group: true, mode: true, exclude: true, delete: true }

/** What was brought and what was removed. */
export type Tree = {
  readonly path: string
  readonly changed: boolean
  /** Files whose content was sent, and how many bytes that are. */
  readonly files: number
  readonly bytes: number
  readonly deleted: number
}

/**
 * A folder of the controller machine, or of another host, with all that is in it, at a path of the host. What is the
 * same is not sent again: contents are compared by their checksums, not by times. Links are brought as links. The
 * content of the folder comes to lie in the directory, whether or not a slash ends the names.
 *
 * ```ts
 * task('Bring the site', file.tree('files/site', '/srv/site', { owner: 'www-data', mode: '0644', delete: true }))
 * task('Bring the images', (host) => file.tree({ from: host.vars.source, path: '/srv/images' }, '/srv/images'))
 * ```
 * A directory that is there keeps its own owner and mode; those below it get theirs. Nothing is removed where the
 * folder is empty, or where something is mounted.
 * @throws Advice when the folder is missing, holds a special file, or changes while it is brought
 */
export function tree(folder: string | FolderThere, path: string, options: TreeOptions = {}): Operation<Tree> {
  refuseUnknown('file.tree', options, treeNames)
  if (typeof folder !== 'string') refuseUnknown('the folder of file.tree', folder, { from: true, path: true })
  const to = posix.normalize(absolute(path)).replace(/(.)\/+$/, '$1')
  if (options.mode !== undefined) checkedMode(options.mode)
  if (options.delete && indispensable(to))
    throw new Advice(
      `file.tree ${path}: with delete it would remove what the host lives of`,
      'name a folder of its own, or leave delete out',
    )
  const from = typeof folder === 'string' ? localFolder(folder) : { ...folder, path: absolute(folder.path) }
  return bringing({ from, path: to, options })
}

interface Wanted {
  readonly from: LocalFile | FolderThere
  readonly path: string
  readonly options: TreeOptions
}

/** Both sides, and the files that have the same content on them. */
export interface BothTrees {
  readonly theirs: Listing
  readonly ours: Listing | undefined
  readonly same: readonly string[]
}

const bringing = operation<Wanted, BothTrees, TreeChange, Tree>(
  ({ from, path }) => `file.tree ${said(from)} to ${path}`,
  {
    local: ({ from }) => ('said' in from ? from : undefined),
    async read(connection, { from, path, options: { exclude = [] } }) {
      const source = 'from' in from ? await connection.peer(from.from) : undefined
      const [theirs, ours] = await Promise.all([
        source ? listThere(source, from.path, exclude) : listHere(from as LocalFile, exclude),
        listThere(connection, path, exclude),
      ])
      if (!theirs) throw new Advice(`${said(from)} is missing`, 'check the path')
      if (!ours) mustHaveWay(await look(connection, path))
      const alike = candidates(theirs, ours)
      if (alike.length === 0) return { theirs, ours, same: [] }
      const [sums, own] = await Promise.all([
        source ? sumsThere(source, from.path, alike) : sumsHere(from.path, alike),
        sumsThere(connection, path, alike),
      ])
      return { theirs, ours, same: alike.filter((_, i) => sums[i] === own[i]) }
    },
    plan,
    apply: (connection, change, { from, path }) => bringTree(connection, change, from, path),
  },
)

function said(from: LocalFile | FolderThere): string {
  return 'said' in from ? from.said : `${from.path} of ${from.from.name}`
}

/** Files that may be the same: only of these are checksums worth having. */
function candidates(theirs: Listing, ours: Listing | undefined): readonly string[] {
  const known = new Map(ours?.entries.map((entry) => [entry.path, entry]))
  return theirs.entries
    .filter(({ kind, path, size }) => {
      const here = known.get(path)
      return kind === 'file' && here?.kind === 'file' && here.size === size
    })
    .map(({ path }) => path)
}

function plan({ theirs, ours, same }: BothTrees, { from, path: root, options }: Wanted): Plan<Tree, TreeChange> {
  refuseOdd(theirs, ours, from, options)
  const here = new Map((ours?.entries ?? []).map((entry) => [entry.path, entry]))
  const wanted = new Map(theirs.entries.map((entry) => [entry.path, entry]))
  const unchanged = new Set(same)

  const inTheWay = theirs.entries.filter(({ path, kind }) => (here.get(path)?.kind ?? kind) !== kind)
  const removed = topmost([
    ...inTheWay.map(({ path }) => here.get(path)!),
    ...(options.delete ? [...here.values()].filter(({ path }) => !wanted.has(path)) : []),
  ])
  refuseRemoving(removed, inTheWay, ours, root, options)
  const gone = (path: string) => removed.some((one) => path === one.path || path.startsWith(`${one.path}/`))
  const now = (path: string) => (gone(path) ? undefined : here.get(path))

  const directories = theirs.entries.filter(({ kind, path }) => kind === 'directory' && !now(path))
  const files = theirs.entries.filter(({ kind, path }) => kind === 'file' && !(now(path) && unchanged.has(path)))
  const links = theirs.entries.filter(({ kind, path, to }) => kind === 'link' && now(path)?.to !== to)
  const brought = new Set([...files, ...links].map(({ path }) => path))
  // Deepest first, so that nobody shuts himself out.
  const attributes = [...(ours ? [] : [theirs.root]), ...theirs.entries]
    .filter(({ path }) => !brought.has(path))
    .flatMap((entry) => attributesOf(entry, now(entry.path), options) ?? [])
    .sort((a, b) => b.path.split('/').length - a.path.split('/').length)

  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  const result = { path: root, files: files.length, bytes, deleted: removed.length }
  const nothing = ours && [removed, directories, files, links, attributes].every((list) => list.length === 0)
  if (nothing) return { result: { ...result, changed: false } }
  return {
    result: { ...result, changed: true },
    change: {
      root: ours ? [] : [root],
      remove: removed.map(({ path }) => path),
      directories: directories.map(({ path }) => path),
      files: files.map((entry) => ({
        path: entry.path,
        bytes: entry.size,
        stamp: entry.stamp,
        mode: modeFor(entry, options),
        owner: ownerOf(options) ?? keptOwner(now(entry.path)),
      })),
      links: links.map(({ path, to }) => ({ path, to: to!, owner: ownerOf(options) ?? keptOwner(now(path)) })),
      attributes,
    },
    replaces: replacedPaths(root, [
      ...removed.map(({ path, kind }) => ({ file: `${root}/${path}`, whole: kind === 'directory' })),
      ...(ours ? [] : [{ file: root }]),
      ...[...directories, ...files, ...links, ...attributes].map(({ path }) => ({
        file: path === '' ? root : `${root}/${path}`,
      })),
    ]),
    diff: differences({ root, removed, directories, files, links, attributes, here }),
  }
}

function refuseOdd(theirs: Listing, ours: Listing | undefined, from: Wanted['from'], options: TreeOptions): void {
  const [odd] = theirs.odd
  if (odd !== undefined) {
    throw new Advice(
      `${said(from)} has a name that cannot be brought: ${JSON.stringify(odd)}`,
      'rename it, or exclude it: names are one line of UTF-8',
    )
  }
  const astray = theirs.entries.find(({ to = '' }) => /[\n\ufffd]/.test(to))
  if (astray)
    throw new Advice(
      `${said(from)} has a link that cannot be brought: ${astray.path} to ${JSON.stringify(astray.to)}`,
      `make it anew, or leave it out: exclude: ['/${astray.path}']; links lead to one line of UTF-8`,
    )
  const special = theirs.entries.find(({ kind }) => kind === 'other')
  if (special) {
    throw new Advice(
      `${special.path} of ${said(from)} is neither a file nor a directory nor a link`,
      `leave it out: exclude: ['/${special.path}']`,
    )
  }
  const [extra] = ours?.odd ?? []
  if (options.delete && extra !== undefined) {
    throw new Advice(
      `the host has a name that cannot be removed safely: ${JSON.stringify(extra)}`,
      'rename or remove it by hand: names are one line of UTF-8',
    )
  }
  if (options.delete && theirs.entries.length === 0) {
    throw new Advice(
      `${said(from)} is empty, and all that is here would be removed`,
      'check the path; to empty a directory, file.absent it',
    )
  }
}

function refuseRemoving(
  removed: readonly Entry[],
  inTheWay: readonly Entry[],
  ours: Listing | undefined,
  root: string,
  options: TreeOptions,
): void {
  const full = inTheWay.find(({ path }) => removed.some((one) => one.path === path && one.kind === 'directory'))
  if (full && !options.delete) {
    throw new Advice(
      `${root}/${full.path} is a directory, and is to become a ${full.kind}`,
      'remove it first, with file.absent, or give delete: true',
    )
  }
  for (const { path } of removed) {
    const mount = ours?.mounts.find((at) => at === path || at.startsWith(`${path}/`))
    if (mount === undefined) continue
    throw new Advice(
      `${root}/${path} is not removed: something is mounted on ${root}/${mount}`,
      `unmount it, or leave it out: exclude: ['/${path}']`,
    )
  }
}

/** Of paths that are removed the ones that take the others with them. */
function topmost(entries: readonly Entry[]): readonly Entry[] {
  const top: Entry[] = []
  for (const entry of [...entries].sort((a, b) => (`${a.path}/` < `${b.path}/` ? -1 : 1))) {
    const last = top.at(-1)
    if (!last || !`${entry.path}/`.startsWith(`${last.path}/`)) top.push(entry)
  }
  return top
}

function modeFor({ mode, kind }: Entry, { mode: wanted }: TreeOptions): string {
  if (wanted === undefined) return mode
  if (isSymbolic(wanted)) return modeAfter(wanted, mode, kind === 'directory')
  const bits = parseInt(wanted, 8)
  return (kind === 'directory' ? bits | ((bits & 0o444) >> 2) : bits).toString(8).padStart(4, '0')
}

function ownerOf({ owner, group }: TreeOptions): string | undefined {
  if (owner === undefined && group === undefined) return undefined
  return `${owner ?? ''}${group === undefined ? '' : `:${group}`}`
}

function keptOwner(entry: Entry | undefined): string | undefined {
  return entry && `${entry.uid}:${entry.gid}`
}

function attributesOf(
  entry: Entry,
  now: Entry | undefined,
  options: TreeOptions,
): TreeChange['attributes'][number] | undefined {
  const { owner, group } = options
  const mode = entry.kind === 'link' || modeFor(entry, options) === now?.mode ? undefined : modeFor(entry, options)
  const other =
    (owner !== undefined && owner !== now?.owner && owner !== now?.uid) ||
    (group !== undefined && group !== now?.group && group !== now?.gid)
  if (mode === undefined && !other) return undefined
  return { path: entry.path, mode, owner: other ? ownerOf(options) : undefined, directory: entry.kind === 'directory' }
}

interface Told {
  readonly root: string
  readonly removed: readonly Entry[]
  readonly directories: readonly Entry[]
  readonly files: readonly Entry[]
  readonly links: readonly Entry[]
  readonly attributes: TreeChange['attributes']
  readonly here: ReadonlyMap<string, Entry>
}

const shown = 200

function differences({ root, removed, directories, files, links, attributes, here }: Told): readonly Diff[] {
  const tell = (entry: Entry | undefined) =>
    !entry
      ? ''
      : entry.kind === 'file'
        ? `${entry.size} bytes\n`
        : `${entry.kind}${entry.to ? ` to ${entry.to}` : ''}\n`
  const news = new Set(directories.map(({ path }) => path))
  const all: readonly Diff[] = [
    ...removed.map((entry) => ({ path: `${root}/${entry.path}`, before: tell(entry), after: '' })),
    ...[...directories, ...files, ...links].map((entry) => {
      const before = tell(here.get(entry.path))
      const after = tell(entry)
      const other = before === after ? after.replace('\n', ', other content\n') : after
      return { path: `${root}/${entry.path}`, before, after: other }
    }),
    ...attributes
      .filter(({ path }) => here.has(path) && !news.has(path))
      .map(({ path, mode, owner }) => {
        const is = here.get(path)!
        const line = (m: string, o: string) =>
          `${mode === undefined ? '' : `mode ${m}\n`}${owner === undefined ? '' : `owner ${o}\n`}`
        return {
          path: `${root}/${path} (attributes)`,
          before: line(is.mode, `${is.owner}:${is.group}`),
          after: line(mode!, owner!),
        }
      }),
  ]
  if (all.length === 0) return [{ path: root, before: '', after: 'directory\n' }]
  if (all.length <= shown) return all
  return [...all.slice(0, shown), { path: root, before: '', after: `and ${all.length - shown} more differences\n` }]
}
