import {
  type AndOr,
  type Assignment,
  type Branch,
  type CaseItem,
  type Command,
  type Compound,
  type List,
  type Part,
  type Pipeline,
  type Redirect,
  type Simple,
  SyntaxFault,
  type Word,
} from './syntax.ts'

/** Takes a script apart. @throws SyntaxFault */
export function parse(script: string): List {
  const parser = new Parser(script)
  const list = parser.list([])
  parser.mustEnd()
  return list
}

const name = /[A-Za-z_]\w*/y
const assignment = /([A-Za-z_]\w*)=/y
const redirect = /(\d*)(<<-?|<&|>&|<>|>>|>\||<|>)/y
const functionHead = /([A-Za-z_]\w*)[ \t]*\([ \t]*\)/y
const reserved = /(?:if|then|elif|else|fi|while|until|do|done|for|in|case|esac|[{}!])(?=[\s;&|()<>]|$)/y
const meta = /[\s;&|()<>]/

class Parser {
  readonly #text: string
  #at = 0
  /** Here-documents whose text comes after the end of the line. */
  readonly #awaited: {
    readonly redirect: Redirect
    readonly end: string
    readonly quoted: boolean
    readonly tabs: boolean
  }[] = []

  constructor(text: string) {
    this.#text = text
  }

  mustEnd(): void {
    if (this.#at < this.#text.length)
      this.#fail(`unexpected ${JSON.stringify(this.#text.slice(this.#at, this.#at + 20))}`)
  }

  /** Commands up to one of the words that end the list. */
  list(ends: readonly string[]): List {
    const found: { run: AndOr; background: boolean }[] = []
    for (;;) {
      this.#newlines()
      if (this.#at >= this.#text.length || this.#isEnd(ends)) return found
      const run = this.#andOr()
      this.#blanks()
      const background = this.#peek() === '&' && !this.#takes('&&', false)
      found.push({ run, background })
      if (background || (this.#peek() === ';' && !this.#takes(';;', false))) this.#at++
      else if (this.#peek() !== '\n') return found
    }
  }

  #isEnd(ends: readonly string[]): boolean {
    if (this.#peek() === ')' || this.#takes(';;', false)) return true
    const word = this.#match(reserved, false)?.[0]
    return word !== undefined && ends.includes(word)
  }

  #andOr(): AndOr {
    const first = this.#pipeline()
    const rest: { on: '&&' | '||'; run: Pipeline }[] = []
    for (;;) {
      this.#blanks()
      const on = this.#takes('&&') ? '&&' : this.#takes('||') ? '||' : undefined
      if (on === undefined) return { first, rest }
      this.#newlines()
      rest.push({ on, run: this.#pipeline() })
    }
  }

  #pipeline(): Pipeline {
    this.#blanks()
    let negated = false
    while (this.#word('!')) {
      negated = !negated
      this.#blanks()
    }
    const commands = [this.#command()]
    for (;;) {
      this.#blanks()
      if (this.#takes('||', false) || !this.#takes('|')) return { negated, commands }
      this.#newlines()
      commands.push(this.#command())
    }
  }

  #command(): Command {
    this.#blanks()
    const made = this.#compound()
    if (made === undefined) return this.#simple()
    const redirects: Redirect[] = []
    for (;;) {
      this.#blanks()
      const one = this.#redirect()
      if (!one) return { kind: 'compound', of: made, redirects }
      redirects.push(one)
    }
  }

  #compound(): Compound | undefined {
    if (this.#takes('(')) {
      const body = this.list([])
      this.#must(')')
      return { kind: 'subshell', body }
    }
    const head = this.#match(functionHead)
    if (head) {
      this.#newlines()
      return { kind: 'function', name: head[1]!, body: this.#command() }
    }
    const word = this.#match(reserved)?.[0]
    switch (word) {
      case undefined:
        return undefined
      case '{': {
        const body = this.list(['}'])
        this.#mustWord('}')
        return { kind: 'group', body }
      }
      case 'if':
        return this.#if()
      case 'while':
      case 'until': {
        const condition = this.list(['do'])
        return { kind: 'loop', until: word === 'until', condition, body: this.#do() }
      }
      case 'for':
        return this.#for()
      case 'case':
        return this.#case()
      default:
        return this.#fail(`unexpected ${word}`)
    }
  }

  #if(): Compound {
    const branches: Branch[] = []
    let otherwise: List = []
    for (;;) {
      const condition = this.list(['then'])
      this.#mustWord('then')
      branches.push([condition, this.list(['elif', 'else', 'fi'])])
      if (this.#word('elif')) continue
      if (this.#word('else')) otherwise = this.list(['fi'])
      this.#mustWord('fi')
      return { kind: 'if', branches, otherwise }
    }
  }

  #do(): List {
    this.#newlines()
    this.#mustWord('do')
    const body = this.list(['done'])
    this.#mustWord('done')
    return body
  }

  #for(): Compound {
    this.#blanks()
    const [variable] = this.#match(name) ?? this.#fail('for has no variable')
    this.#newlines()
    let words: Word[] | undefined
    if (this.#word('in')) {
      words = []
      for (this.#blanks(); !meta.test(this.#peek() || '\n'); this.#blanks()) words.push(this.#oneWord())
    }
    this.#blanks()
    this.#takes(';')
    return { kind: 'for', name: variable, words, body: this.#do() }
  }

  #case(): Compound {
    this.#blanks()
    const word = this.#oneWord()
    this.#newlines()
    this.#mustWord('in')
    const items: CaseItem[] = []
    for (;;) {
      this.#newlines()
      if (this.#word('esac')) return { kind: 'case', word, items }
      this.#takes('(')
      const patterns: Word[] = []
      do {
        this.#blanks()
        patterns.push(this.#oneWord())
        this.#blanks()
      } while (this.#takes('|'))
      this.#must(')')
      items.push({ patterns, body: this.list(['esac']) })
      this.#newlines()
      this.#takes(';;')
    }
  }

  #simple(): Simple {
    const assignments: Assignment[] = []
    const words: Word[] = []
    const redirects: Redirect[] = []
    for (;;) {
      this.#blanks()
      const one = this.#redirect()
      if (one) {
        redirects.push(one)
        continue
      }
      const next = this.#peek()
      if (next === '' || meta.test(next)) break
      const given = words.length === 0 ? this.#match(assignment) : undefined
      if (given) {
        const bare = this.#peek() === '' || meta.test(this.#peek())
        assignments.push({ name: given[1]!, value: bare ? [] : this.#oneWord() })
      } else words.push(this.#oneWord())
    }
    if (words.length + assignments.length + redirects.length === 0)
      this.#fail(`unexpected ${JSON.stringify(this.#text.slice(this.#at, this.#at + 20))}`)
    return { kind: 'simple', assignments, words, redirects }
  }

  #redirect(): Redirect | undefined {
    const found = this.#match(redirect)
    if (!found) return undefined
    const [, number, how] = found as unknown as [string, string, Redirect['how'] | '<<-']
    const fd = number === '' ? (how.startsWith('<') ? 0 : 1) : Number(number)
    this.#blanks()
    if (how === '<<' || how === '<<-') {
      const word = this.#oneWord()
      const made: Redirect = { fd, how: '<<', to: [] }
      this.#awaited.push({
        redirect: made,
        end: word.map((part) => (part.kind === 'text' ? part.text : '')).join(''),
        quoted: word.some(({ quoted }) => quoted),
        tabs: how === '<<-',
      })
      return made
    }
    return { fd, how, to: this.#oneWord() }
  }

  /** A word up to what ends it outside of quotes. */
  #oneWord(): Word {
    const parts: Part[] = []
    this.#parts(parts, (c) => meta.test(c))
    if (parts.length === 0) this.#fail('a word is missing')
    return parts
  }

  // Unquoted text, with all that is quoted or expanded in it.
  #parts(parts: Part[], ends: (c: string) => boolean): void {
    let text = ''
    const put = () => {
      if (text !== '') parts.push({ kind: 'text', text, quoted: false })
      text = ''
    }
    for (;;) {
      const c = this.#peek()
      if (c === '' || ends(c)) return put()
      if (c === "'") {
        put()
        const end = this.#text.indexOf("'", this.#at + 1)
        if (end < 0) this.#fail('a quote is not closed')
        parts.push({ kind: 'text', text: this.#text.slice(this.#at + 1, end), quoted: true })
        this.#at = end + 1
      } else if (c === '"') {
        put()
        this.#at++
        parts.push({ kind: 'text', text: '', quoted: true })
        this.#quotedParts(parts, '"')
        this.#at++
      } else if (c === '\\') {
        const next = this.#text[this.#at + 1] ?? ''
        this.#at += 2
        if (next === '\n') continue
        put()
        parts.push({ kind: 'text', text: next, quoted: true })
      } else if (c === '$' || c === '`') {
        put()
        parts.push(this.#expansion(false))
      } else {
        text += c
        this.#at++
      }
    }
  }

  // Text within double quotes, or of a here-document, up to a character that ends it.
  #quotedParts(parts: Part[], end: string): void {
    let text = ''
    const put = () => {
      if (text !== '') parts.push({ kind: 'text', text, quoted: true })
      text = ''
    }
    for (;;) {
      const c = this.#peek()
      if (c === '' && end !== '') this.#fail('a quote is not closed')
      if (c === end) return put()
      if (c === '\\') {
        const next = this.#text[this.#at + 1] ?? ''
        this.#at += 2
        if (next === '\n') continue
        text += `$\`\\${end}`.includes(next) && next !== '' ? next : `\\${next}`
      } else if (c === '$' || c === '`') {
        put()
        parts.push(this.#expansion(true))
      } else {
        text += c
        this.#at++
      }
    }
  }

  #expansion(quoted: boolean): Part {
    if (this.#takes('`')) {
      let text = ''
      for (;;) {
        const c = this.#peek()
        if (c === '') this.#fail('a backquote is not closed')
        this.#at++
        if (c === '`') break
        if (c === '\\' && (quoted ? '$`\\"' : '$`\\').includes(this.#peek())) text += this.#text[this.#at++]
        else text += c
      }
      return { kind: 'command', body: parse(text), quoted }
    }
    this.#must('$')
    if (this.#takes('((', false)) {
      this.#at += 2
      const word: Part[] = []
      this.#sum(word)
      return { kind: 'arithmetic', word, quoted }
    }
    if (this.#takes('(')) {
      const body = this.list([])
      this.#newlines()
      this.#must(')')
      return { kind: 'command', body, quoted }
    }
    if (this.#takes('{')) return this.#braces(quoted)
    const found = this.#match(name)?.[0] ?? this.#match(/[\d@*#?$!-]/y)?.[0]
    if (found === undefined) return { kind: 'text', text: '$', quoted: true }
    return { kind: 'parameter', name: found, operator: '', word: [], quoted }
  }

  #braces(quoted: boolean): Part {
    const length = this.#match(/#([A-Za-z_]\w*|\d+|[@*?])\}/y)
    if (length) return { kind: 'parameter', name: length[1]!, operator: 'length', word: [], quoted }
    const found = this.#match(name)?.[0] ?? this.#match(/\d+|[@*#?$!-]/y)?.[0] ?? this.#fail('bad substitution')
    const operator = this.#match(/:?[-=?+]|%%|%|##|#/y)?.[0] ?? ''
    const word: Part[] = []
    // What stands in for a value is quoted as the whole is; a pattern has quotes of its own.
    if (operator !== '' && quoted && !/[%#]/.test(operator)) this.#quotedWithin(word)
    else if (operator !== '') this.#parts(word, (c) => c === '}')
    this.#must('}')
    return { kind: 'parameter', name: found, operator, word, quoted }
  }

  // In "${x:-…}" double quotes may stand again.
  #quotedWithin(word: Part[]): void {
    for (;;) {
      const before = this.#at
      const inner: Part[] = []
      if (this.#takes('"')) {
        this.#quotedParts(inner, '"')
        this.#at++
      } else this.#untilBraceOrQuote(inner)
      word.push(...inner)
      if (this.#peek() === '}' || this.#at === before) return
    }
  }

  #untilBraceOrQuote(word: Part[]): void {
    let text = ''
    for (;;) {
      const c = this.#peek()
      if (c === '' || c === '}' || c === '"' || c === '$' || c === '`') {
        if (text !== '') word.push({ kind: 'text', text, quoted: true })
        text = ''
        if (c !== '$' && c !== '`') return
        word.push(this.#expansion(true))
      } else if (c === '\\' && '$`"\\}'.includes(this.#text[this.#at + 1] ?? ' ')) {
        text += this.#text[this.#at + 1]
        this.#at += 2
      } else {
        text += c
        this.#at++
      }
    }
  }

  // The inside of $((…)), expanded like quoted text and worked out afterwards.
  #sum(word: Part[]): void {
    let depth = 0
    let text = ''
    const put = () => {
      if (text !== '') word.push({ kind: 'text', text, quoted: true })
      text = ''
    }
    for (;;) {
      const c = this.#peek()
      if (c === '') this.#fail('$(( is not closed')
      if (depth === 0 && this.#takes('))')) return put()
      if (c === '$' || c === '`') {
        put()
        word.push(this.#expansion(true))
        continue
      }
      if (c === '(') depth++
      if (c === ')') depth--
      text += c
      this.#at++
    }
  }

  /** Blanks, ends of lines with the here-documents that follow them, comments. */
  #newlines(): void {
    for (;;) {
      this.#blanks()
      if (this.#peek() !== '\n') return
      this.#endLine()
    }
  }

  #blanks(): void {
    this.#match(/(?:[ \t\r]|\\\n)+/y)
    const before = this.#text[this.#at - 1] ?? '\n'
    if (this.#peek() === '#' && meta.test(before)) this.#match(/#[^\n]*/y)
  }

  #endLine(): void {
    this.#at++
    for (const { redirect, end, quoted, tabs } of this.#awaited.splice(0)) {
      let text = ''
      for (;;) {
        if (this.#at >= this.#text.length) break
        const until = this.#text.indexOf('\n', this.#at)
        const line = this.#text.slice(this.#at, until < 0 ? undefined : until).replace(tabs ? /^\t+/ : /^/, '')
        this.#at = until < 0 ? this.#text.length : until + 1
        if (line === end) break
        text += `${line}\n`
      }
      if (quoted) redirect.to = [{ kind: 'text', text, quoted: true }]
      else {
        const parts: Part[] = []
        new Parser(text).#quotedParts(parts, '')
        redirect.to = parts
      }
    }
  }

  #peek(): string {
    return this.#text[this.#at] ?? ''
  }
  #takes(text: string, take = true): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false
    if (take) this.#at += text.length
    return true
  }
  #match(pattern: RegExp, take = true): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (found && take) this.#at += found[0].length
    return found ?? undefined
  }
  #word(wanted: string): boolean {
    if (this.#match(reserved, false)?.[0] !== wanted) return false
    this.#at += wanted.length
    return true
  }
  #must(text: string): void {
    if (!this.#takes(text)) this.#fail(`${text} is missing`)
  }
  #mustWord(word: string): void {
    this.#newlines()
    if (!this.#word(word)) this.#fail(`${word} is missing`)
  }
  #fail(why: string): never {
    const line = this.#text.slice(0, this.#at).split('\n').length
    throw new SyntaxFault(`line ${line}: ${why}`)
  }
}
