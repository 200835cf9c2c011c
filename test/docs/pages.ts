import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** A page of the documentation: a Markdown file of the repository. */
export interface Page {
  /** From the root of the repository. */
  readonly file: string
  readonly text: string
}

/** A part of a page that is written by a program, between its markers `<!-- kind argument -->` and `<!-- /kind -->`. */
export interface Part {
  readonly kind: string
  readonly argument: string
  readonly content: string
  /** Where the content begins in the page. */
  readonly at: number
}

const root = path.resolve(import.meta.dirname, '../..')

/** Every page, README.md first. */
export function allPages(): readonly Page[] {
  const below = ['lib', 'roles', 'playbooks', 'inventory', 'test'].flatMap((top) =>
    readdirSync(path.join(root, top), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
      .map((name) => path.join(top, name))
      .sort(),
  )
  return ['README.md', ...below].map((file) => ({ file, text: readFileSync(path.join(root, file), 'utf8') }))
}

/** The parts of a page that programs write, in their order. @throws when one does not end */
export function partsOf({ file, text }: Page): readonly Part[] {
  return [...text.matchAll(/^<!-- ([a-z-]+)(?: ([^\n]*?))? -->\n/gm)].map((begin) => {
    const [marker, kind, argument = ''] = begin
    const at = begin.index + marker.length
    const end = text.indexOf(`<!-- /${kind} -->`, at)
    if (end < 0) throw new Error(`${file}: the part «${kind} ${argument}» has no end: <!-- /${kind} -->`)
    return { kind: kind!, argument, content: text.slice(at, end), at }
  })
}

/** The text that a person wrote: the page without what programs wrote. */
export function writtenBy(page: Page): string {
  return partsOf(page).reduceRight(
    (text, { at, content }) => text.slice(0, at) + text.slice(at + content.length),
    page.text,
  )
}

/** Where a page leads, without what stands in code. */
export function linksOf({ text }: Page): readonly string[] {
  return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!)
}

/** The headings of a page by the names that links have for them. */
export function anchorsOf({ text }: Page): ReadonlySet<string> {
  const seen = new Map<string, number>()
  const anchors = [...withoutCode(text).matchAll(/^#+ (.*)$/gm)].map(([, title]) => {
    const plain = title!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    const name = plain
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\-_ ]/gu, '')
      .replaceAll(' ', '-')
    const before = seen.get(name) ?? 0
    seen.set(name, before + 1)
    return before === 0 ? name : `${name}-${before}`
  })
  return new Set(anchors)
}

/** A text without its blocks of code. */
export function withoutCode(text: string): string {
  return text.replace(/^```[^]*?^```$/gm, '')
}
