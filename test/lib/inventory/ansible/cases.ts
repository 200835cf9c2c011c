import { encryptVault } from '../../../../lib/inventory/vault.ts'

/** A question that both can answer: Ansible by ask.py, and we by `ours`. */
export type Question =
  | { readonly kind: 'yaml' | 'value'; readonly text: string }
  | { readonly kind: 'template'; readonly vars: Readonly<Record<string, unknown>>; readonly text: string }
  | { readonly kind: 'config'; readonly text: string; readonly env: Readonly<Record<string, string>> }
  | {
      readonly kind: 'search'
      readonly files: Readonly<Record<string, string>>
      readonly named?: string
      readonly open: boolean
    }
  | {
      readonly kind: 'vault'
      readonly text: string
      readonly keys: readonly (readonly [label: string, password: string])[]
    }
  | {
      readonly kind: 'inventory' | 'nested'
      readonly files: Readonly<Record<string, string>>
      readonly args: readonly string[]
      readonly patterns: readonly string[]
    }
export type Kind = Question['kind']
export const kinds: readonly Kind[] = ['yaml', 'value', 'template', 'config', 'search', 'vault', 'inventory', 'nested']

/** Questions of a kind, the same ones for the same seed. */
export function questions(kind: Kind, seed: number, count: number): readonly Question[] {
  const dice = new Dice(seed)
  const make: Readonly<Record<Kind, (dice: Dice) => Question>> = {
    yaml,
    value,
    template,
    config,
    search,
    vault,
    inventory,
    nested,
  }
  return Array.from({ length: count }, () => make[kind](dice))
}

class Dice {
  #state: number
  constructor(seed: number) {
    this.#state = seed >>> 0
  }
  /** A number from 0, below `end`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * end)
  }
  one<T>(among: readonly T[]): T {
    return among[this.below(among.length)]!
  }
  some<T>(most: number, make: () => T, least = 0): T[] {
    return Array.from({ length: least + this.below(most - least + 1) }, make)
  }
  odds(percent: number): boolean {
    return this.below(100) < percent
  }
}

const scalarWords =
  'yes no Yes NO true False TRUE on off On OFF y n Y null Null NULL ~ .inf -.INF .nan .NaN = e2 1e3 1.5e3 1.5e+3 ' +
  '08001 0o17 0x1F 0X1F 0b101 0755 00 0 -0 +1 1_000 12:30 52:54:00:12:34:56 190:20:30.15 2014-10-16 ' +
  '2001-12-14t21:59:43.10-05:00 9007199254740993 -9223372036854775808 1. .5 ._5 -.5 1.e+5 1e400 1.0 010.5 +0x_ 0b_ ' +
  'tRUE nULL oN iNF 0.1.2 1,000 v1.0 None True! 10.0.0.0/8 1-2 _1 1__0 0_7 0x_1 6.02E+23 6.02E23'
const scalarParts = [
  '0',
  '1',
  '7',
  '8',
  '9',
  '_',
  '.',
  'e',
  'E',
  '+',
  '-',
  ':',
  'x',
  'b',
  'o',
  'a',
  'F',
  '12',
  '59',
  '60',
]

function scalar(dice: Dice): string {
  const made = dice.odds(40) ? dice.one(scalarWords.split(' ')) : dice.some(6, () => dice.one(scalarParts), 1).join('')
  // A dash alone is an item, which the one parser takes for a text in brackets and the other does not.
  return made === '-' ? '-1' : made
}

// As a name a time of day or a date is the number or the date that Ansible makes of it, which no JSON can say.
function name(dice: Dice): string {
  const made = scalar(dice)
  return /^[-+]?\d.*[:-]/.test(made) ? 'k' : made
}

function yaml(dice: Dice): Question {
  const text = dice.one([
    () => `v: ${scalar(dice)}\n`,
    () => `v: [${scalar(dice)}, ${scalar(dice)}]\n`,
    () => `v: {${name(dice)}: ${scalar(dice)}}\n`,
    () => `v:\n  ? ${name(dice)}\n  : x\n`,
    () => `v: !unsafe ${scalar(dice)}\n`,
    () => `v: "${scalar(dice)}"\n`,
    () => `a: &a {x: ${scalar(dice)}, y: 1}\nv: {<<: *a, y: ${scalar(dice)}}\n`,
    () => `a: &a {x: 1}\nb: &b {x: 2, z: 3}\nv: {<<: [*a, *b], z: ${scalar(dice)}}\n`,
    () => `v: |\n  ${scalar(dice)}\nw: >-\n  ${scalar(dice)}\n`,
    () => JSON.stringify({ v: dice.one([1e3, 1.5, 'yes', null, true, '0755', [1, 'on']]) }),
    () => `{"v": ${dice.one(['1e3', '1E-2', '9007199254740993', '-0', '1.50', '"yes"', 'yes', '012'])}}`,
  ])()
  return { kind: 'yaml', text }
}

function literal(dice: Dice, depth: number): string {
  const leaf = () =>
    dice.one([
      () => dice.one(['1', '-5', '+3', '0', '00', '007', '0x1f', '0o17', '0b11', '1_000', '1__0', '1.5', '1.', '.5']),
      () => dice.one(['1e5', '1E-2', '9007199254740993', 'True', 'False', 'None', 'true', 'yes', 'null', 'Truee']),
      () => dice.one([`'a'`, `"b c"`, `'it\\'s'`, `"\\x41\\n"`, `r'\\d'`, `u'x'`, `'a' 'b'`, `'''t'''`, `'a # b'`]),
      () => dice.one([`"\\101"`, `"\\q"`, `'\\u00e9'`, `''`, `'a`, `a'b`, 'b', 'a b', '1 2', '1,2', '-', '10.0.0.1']),
    ])()
  if (depth === 0 || dice.odds(60)) return leaf()
  const inner = () => dice.some(3, () => literal(dice, depth - 1))
  return dice.one([
    () => `[${inner().join(', ')}${dice.odds(20) ? ',' : ''}]`,
    () => `(${inner().join(',')}${dice.odds(20) ? ',' : ''})`,
    () =>
      `{${inner()
        .map((one) => `'${dice.one(['k', 'l', 'm'])}': ${one}`)
        .join(', ')}}`,
    () => `${leaf()}, ${leaf()}`,
  ])()
}

function value(dice: Dice): Question {
  const text = literal(dice, 2)
  return { kind: 'value', text: dice.odds(30) ? `${text}${dice.one([' # note', '# note', ' #', ' ; x'])}` : text }
}

const known = {
  name: 'web',
  port: 8080,
  empty: '',
  nothing: null,
  yes: true,
  list: ['a', 'b'],
  numbers: [1, 2],
  d: { e: { f: 'deep', n: 7, on: false, l: [1] }, 'a-b': 'dash' },
  url: 'http://{{ name }}:{{ port }}/',
  key: 'e',
  again: '{{ url }}',
  nested: { u: '{{ name }}!', l: ['{{ port }}', '{{ d.e.f }}'] },
  looks: '[1, 2]',
}
function reference(dice: Dice): string {
  return dice.one([
    ...Object.keys(known),
    'd.e.f',
    'd.e.n',
    'd.e.on',
    'd.e.l',
    'd.e',
    `d['e'].f`,
    `d["a-b"]`,
    'list[0]',
    'list.1',
    'numbers[1]',
    'd[key].f',
    'nested.u',
    'nested.l[0]',
    'nested',
    'missing',
    'd.missing',
    'list[9]',
    'name.port',
  ])
}
function template(dice: Dice): Question {
  const one = () => dice.one([`{{ ${reference(dice)} }}`, `{{${reference(dice)}}}`, `{{-  ${reference(dice)} -}}`])
  const text = dice.one([
    one,
    one,
    () => `a ${one()} b`,
    () => `${one()}${one()}`,
    () => `${one()} `,
    () => `  ${one()}\n`,
    () => `[${one()}, 1]`,
    () => `{% raw %}{{ name }}{% endraw %} ${one()}`,
    () => `{# note #}${one()}`,
    () => `{{ '${dice.one(['x', '{{', 'a b'])}' }}`,
    () => `${dice.one(['}}', '{', '{ {', '%}', '#}'])} ${one()}`,
  ])()
  return { kind: 'template', vars: known, text }
}

function config(dice: Dice): Question {
  const flag = () => dice.one(['yes', 'no', 'True', 'false', '1', '0', 'on', 'Off', 'y', 'maybe'])
  const number = () => dice.one(['5', '50', '0', '10 ; note', 'many'])
  const file = () => dice.one(['key', './a/b', 'c/../x', '/etc/k', 'a b'])
  const list = () => dice.one(['a', 'a,b', 'a, b ,c'])
  const name = () => dice.one(['deploy', '"deploy"', "'two words'", 'a;b', 'a ; b', 'x # y', ''])
  const keys: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
    defaults: {
      inventory: () => dice.one(['hosts', './inv/hosts', 'a,b', '/etc/h', 'a, b']),
      forks: number,
      timeout: number,
      remote_user: name,
      private_key_file: file,
      vault_password_file: file,
      vault_identity_list: list,
      force_handlers: flag,
      ask_pass: flag,
      no_such_key: name,
    },
    privilege_escalation: { become: flag, become_user: name, become_method: name, become_ask_pass: flag },
    tags: { run: list, skip: list },
    diff: { always: flag },
  }
  const lines: string[] = []
  for (const [section, entries] of Object.entries(keys)) {
    if (dice.odds(25)) continue
    if (dice.odds(2)) lines.push(dice.one(['before = 1', '[defaults', '[]']))
    lines.push(`[${section}]${dice.odds(10) ? ' ; note' : ''}`)
    if (dice.odds(2)) lines.push(`[${dice.one(['defaults', 'tags', section])}]`)
    for (const [key, make] of Object.entries(entries)) {
      if (dice.odds(50)) continue
      const shown = dice.odds(15) ? key.toUpperCase() : key
      lines.push(`${shown}${dice.one([' = ', '=', ': ', ' =', ':'])}${make()}`)
      if (dice.odds(10)) lines.push(dice.one(['# note', '; note', '', '  # note']))
      // What configparser refuses: a name without a value, and the same one twice.
      if (dice.odds(2)) lines.push(dice.one(['lonely', `${key} = 1`, '= 5', `  goes_on`]))
    }
  }
  const env = Object.fromEntries(
    Object.entries({
      ANSIBLE_FORKS: number,
      ANSIBLE_REMOTE_USER: name,
      ANSIBLE_BECOME: flag,
      ANSIBLE_PRIVATE_KEY_FILE: file,
      ANSIBLE_RUN_TAGS: list,
      ANSIBLE_INVENTORY: () => dice.one(['hosts', 'a,b', '/etc/h']),
    }).flatMap(([key, make]) => (dice.odds(20) ? [[key, make()] as const] : [])),
  )
  return { kind: 'config', text: `${lines.join('\n')}\n`, env }
}

/** Which ansible.cfg counts: each says by its forks which it is. */
function search(dice: Dice): Question {
  const place = (name: string, forks: number) =>
    dice.odds(55) ? { [name]: `[defaults]\nforks = ${forks}\n` } : ({} as Record<string, string>)
  const files = {
    ...place('named/ansible.cfg', 11),
    ...place('named/other.cfg', 12),
    ...place('cwd/ansible.cfg', 13),
    ...place('home/.ansible.cfg', 14),
  }
  const named = dice.one([
    'named/ansible.cfg',
    'named/other.cfg',
    'named',
    'nowhere.cfg',
    '~/.ansible.cfg',
    '',
    undefined,
  ])
  return { kind: 'search', files, open: dice.odds(25), ...(named === undefined ? {} : { named }) }
}

function vault(dice: Dice): Question {
  const labels = ['default', 'dev', 'prod', 'a-b']
  const id = dice.one([undefined, 'dev', 'prod', 'a-b', 'default', 'other'])
  const right = dice.one(['one', 'two words', 'ünïcode', "q'uote"])
  const keys = dice.some(3, (): readonly [string, string] => [dice.one(labels), dice.one([right, 'wrong', 'no'])])
  const plain = dice.one(['hush', '', 'two\nlines\n', 'a'.repeat(dice.below(60)), 'é — ✓', '{{ x }}'])
  const salt = Buffer.from(Array.from({ length: 32 }, () => dice.below(256)))
  const made = encryptVault(plain, right, id, salt)
  const text = dice.one([
    () => made,
    () => made,
    () => made,
    () => made.trimEnd(),
    () => made.replaceAll('\n', '\r\n'),
    () => `${made}\n`,
    () => made.replace(/[0-9a-f](?=\n$)/, dice.one(['0', 'f', 'g', ''])),
    () => made.replace('AES256', dice.one(['AES', 'AES128', 'aes256'])),
    () => made.replace(/1\.[12]/, dice.one(['1.0', '1.1', '1.2', '1.3'])),
  ])()
  return { kind: 'vault', text, keys }
}

/** Variables that refer to each other, over groups and hosts. */
function nested(dice: Dice): Question {
  const groups = ['g1', 'g2', 'g3']
  const names = ['a', 'b', 'c', 'd', 'e']
  const hosts = ['h1', 'h2', 'h3']
  const reference = () =>
    dice.one([
      () => dice.one(names),
      () => `${dice.one(names)}.k`,
      () => `${dice.one(names)}[0]`,
      () => `${dice.one(names)}['k'].l`,
      () => 'inventory_hostname',
      () => 'inventory_hostname_short',
      () => 'group_names',
      () => `group_names[${dice.one(['0', '-1'])}]`,
      () => `groups['${dice.one([...groups, 'all', 'nobody'])}'][${dice.one(['0', '1', '-1'])}]`,
      () => `groups.${dice.one(groups)}`,
      () => `hostvars['${dice.one([...hosts, 'h9'])}'].${dice.one(names)}`,
      () => `hostvars[groups['${dice.one(groups)}'][0]]['${dice.one(names)}']`,
      () => `hostvars[inventory_hostname].${dice.one(names)}`,
    ])()
  const value = (): string =>
    dice.one([
      () =>
        dice.one(['x', '7', '1.50', 'yes', 'two words', '[1, 2]', '{k: {l: deep}}', '{k: v}', '["p", "q"]', '""', '~']),
      () => `"{{ ${reference()} }}"`,
      () => `"{{ ${reference()} }}"`,
      () => `"{{${reference()}}}:{{ ${reference()} }}"`,
      () => `"http://{{ ${reference()} }}/"`,
      () => `["{{ ${reference()} }}", x]`,
      () => `{k: "{{ ${reference()} }}", m: 1}`,
    ])()
  const vars = () =>
    `${[...new Set(dice.some(3, () => dice.one(names), 1))].map((name) => `${name}: ${value()}`).join('\n')}\n`
  const files: Record<string, string> = {
    hosts: `${groups.map((group) => `[${group}]\n${dice.some(3, () => dice.one(hosts)).join('\n')}\n`).join('')}[g1:children]\ng3\n`,
  }
  for (const name of ['all', ...groups]) if (dice.odds(60)) files[`group_vars/${name}.yml`] = vars()
  for (const name of hosts) if (dice.odds(50)) files[`host_vars/${name}.yml`] = vars()
  return { kind: 'nested', files, args: ['hosts'], patterns: [] }
}

function inventory(dice: Dice): Question {
  const groups = ['g1', 'g2', 'g3', 'g4', 'g5'].slice(0, 2 + dice.below(4))
  const files: Record<string, string> = {}
  const args = dice.one([['hosts'], ['hosts'], ['inv'], ['hosts', 'more'], ['inv', 'more'], ['inv', 'inv2']])
  if (args[0] === 'hosts') files['hosts'] = source(dice, groups)
  if (args.includes('more')) files['more'] = dice.odds(50) ? source(dice, groups) : dynamic(dice, groups)
  if (args.includes('inv2')) {
    files['inv2/10'] = source(dice, groups)
    if (dice.odds(50)) files['inv2/9'] = source(dice, groups)
    if (dice.odds(50)) files[`inv2/group_vars/${dice.one(groups)}.yml`] = 'a: second\n'
  }
  const base = args[0] === 'inv' ? 'inv/' : ''
  if (base) {
    files[`inv/${dice.one(['01', '01-hosts', 'b'])}`] = source(dice, groups)
    for (const more of ['10', '9', 'B', 'a', 'z.yml', 'y.yaml'])
      if (dice.odds(15)) files[`inv/${more}`] = more.includes('.') ? yamlSource(dice, groups) : ini(dice, groups)
    if (dice.odds(60)) files[`inv/${dice.one(['02.sh', 'a.py', 'cloud'])}`] = dynamic(dice, groups)
    if (dice.odds(40)) files[`inv/${dice.one(['x.ini', 'x.cfg', 'x.retry', 'x~', '.x', 'x.orig', 'x.bak'])}`] = '[[[\n'
    if (dice.odds(30)) files['inv/sub/hosts'] = source(dice, groups)
  }
  for (const [folder, names, at] of [
    ['group_vars', ['all', ...groups], base],
    ['host_vars', ['h1', 'h2'], base],
    // Beside the playbook.
    ...(base === ''
      ? []
      : ([
          ['group_vars', ['all', ...groups], ''],
          ['host_vars', ['h1'], ''],
        ] as const)),
  ] as const) {
    for (const name of names) {
      if (!dice.odds(35)) continue
      for (const form of dice.some(2, () => dice.one(['', '.yml', '.yaml', '.json', '/', '/']), 1)) {
        const stem = `${at}${folder}/${name}`
        if (form !== '/' && files[`${stem}${form}`] === undefined && !(form === '' && below(files, stem)))
          files[stem + form] = `a: ${scalar(dice).replace(/[:=]/g, '')}\nfrom_${folder}: ${at}${name}${form}\n`
        else if (form === '/' && files[stem] === undefined) {
          files[`${stem}/${dice.one(['b.yml', 'a', 'c.yaml'])}`] = `a: 2\nb: [1]\n`
          files[`${stem}/${dice.one(['.h.yml', 'x.yml~', 'x.txt', 'd.d/a.yml', 'e/a.yml'])}`] = `a: 3\nc: 1\n`
        }
      }
    }
  }
  const leaf = groups.at(-1)!
  const patterns = [
    'all',
    'h*[0]',
    'h*[1:]',
    'h*[-1]',
    `${leaf}[0]`,
    `${leaf}[0:1]`,
    `${dice.one(groups)}:&${dice.one(groups)}`,
    `${dice.one(groups)},!${dice.one(groups)}`,
    '~h[12]',
    'ungrouped',
    `*:!${leaf}`,
    ...dice.some(6, () => pattern(dice, groups), 3),
  ]
  return { kind: 'inventory', files, args, patterns }
}

function pattern(dice: Dice, groups: readonly string[]): string {
  const name = () => dice.one([...groups, 'h1', 'h2', 'h3', 'all', 'ungrouped', 'h9'])
  const part = () =>
    dice.one([
      name,
      name,
      () => dice.one(['h*', 'g*', '*', 'h?', 'g[12]', '*1', 'h-*', '*.org', 'h[1-2]*']),
      () => `~${dice.one(['h[12]', '(h|g)1', 'g', '.*3$', 'h\\d+', '^h', 'h1$'])}`,
      () =>
        `${dice.one([groups.at(-1)!, 'h*'])}[${dice.one(['0', '1', '-1', '9', '0:1', '1:', '0:', '2:9', '0:0', '1:9'])}]`,
    ])()
  const joint = dice.one([':', ',', ', ', ':'])
  const first = dice.odds(12) ? dice.one(['!', '&']) + name() : part()
  return [first, ...dice.some(2, () => `${dice.one(['', '!', '&', '!', '&'])}${dice.odds(60) ? name() : part()}`)].join(
    joint,
  )
}

const below = (files: Readonly<Record<string, string>>, stem: string) =>
  Object.keys(files).some((name) => name.startsWith(`${stem}/`))

function source(dice: Dice, groups: readonly string[]): string {
  return dice.odds(60) ? ini(dice, groups) : yamlSource(dice, groups)
}

const host = (dice: Dice) =>
  dice.one(['h1', 'h2', 'h3', 'h4', 'h[1:3]', 'h[2:6:2]', 'h0[1:2]', 'h-[a:c]', 'h1:2222', 'h7.example.org'])

function ini(dice: Dice, groups: readonly string[]): string {
  const assign = () =>
    `${dice.one(['a', 'b', 'c'])}=${dice.one([
      '1',
      'x',
      '"two words"',
      `'q'`,
      'True',
      '[1,2]',
      `"{'k': 1}"`,
      '0755',
      '1.50',
      'a=b',
      '""',
      'None',
    ])}`
  const line = () => `${host(dice)}${dice.some(2, () => ` ${assign()}`).join('')}${dice.odds(15) ? ' # note' : ''}`
  const lines = dice.some(2, line)
  const order = dice.odds(50) ? groups : [...groups].reverse()
  for (const group of order) {
    const parts: string[][] = [[`[${group}]${dice.odds(10) ? ' # note' : ''}`, ...dice.some(3, line)]]
    const later = groups.slice(groups.indexOf(group) + 1)
    if (later.length > 0 && dice.odds(45))
      parts.push([`[${group}:children]`, ...new Set(dice.some(2, () => dice.one(later), 1))])
    if (dice.odds(40))
      parts.push([
        `[${group}:vars]`,
        ...dice.some(2, () => `${dice.one(['a', 'b', 'p q'])} = ${(value(dice) as { text: string }).text}`),
        ...(dice.odds(30) ? [`ansible_group_priority=${dice.one(['0', '1', '5', '-1'])}`] : []),
      ])
    if (dice.odds(30)) parts.reverse()
    lines.push(...parts.flat(), ...(dice.odds(30) ? ['', '; comment', '# comment'] : []))
  }
  if (dice.odds(30)) lines.push('[all:vars]', `a=${(value(dice) as { text: string }).text}`)
  return `${lines.join('\n')}\n`
}

function yamlSource(dice: Dice, groups: readonly string[]): string {
  const vars = () =>
    Object.fromEntries(dice.some(2, () => [dice.one(['a', 'b', 'c']), dice.one([1, 'x', true, [1], {}])]))
  const hosts = () => Object.fromEntries(dice.some(3, () => [host(dice), dice.odds(50) ? vars() : null]))
  const group = (name: string, depth: number): unknown => {
    const later = groups.slice(groups.indexOf(name) + 1)
    return {
      ...(dice.odds(80) ? { hosts: dice.odds(10) ? 'h9' : hosts() } : {}),
      ...(dice.odds(40) ? { vars: vars() } : {}),
      ...(later.length > 0 && depth < 3 && dice.odds(50)
        ? { children: Object.fromEntries(dice.some(2, () => dice.one(later), 1).map((c) => [c, group(c, depth + 1)])) }
        : {}),
    }
  }
  const tops = Object.fromEntries(groups.map((name) => [name, group(name, 0)]))
  const whole = dice.odds(50) ? { all: { children: tops, hosts: hosts(), vars: vars() } } : tops
  return dice.odds(60) ? `---\n${JSON.stringify(whole, undefined, 1)}\n` : anchored(dice, groups)
}

/** What is said once and stands in several places, by anchors and merges. */
function anchored(dice: Dice, groups: readonly string[]): string {
  const odd = () =>
    `${dice.one(['a', 'b', 'c'])}: ${dice.one(['yes', 'No', 'on', '0755', '0o17', '1_000', '1e3', '1.5', '~', '12:30', '2014-10-16', 'x'])}`
  const [one, other] = [dice.one(groups), dice.one(groups)]
  const lines = [
    `${groups[0]}: &whole`,
    '  hosts: &hosts',
    `    ${host(dice)}: &vars {p: 1, ${odd()}}`,
    `    h5: ${dice.one(['*vars', '{<<: *vars, p: 2}', '{p: 3, <<: *vars}', ''])}`,
    '  vars: &more',
    `    ${odd()}`,
    ...(dice.odds(50) ? ['    <<: *vars'] : []),
  ]
  if (one !== groups[0])
    lines.push(
      `${one}:`,
      `  hosts: ${dice.one(['*hosts', '{<<: *hosts, h6: }', '{<<: *hosts, h5: {p: 9}}', '{h7: *more, h5: }'])}`,
      `  vars: ${dice.one(['*more', '{<<: [*more, *vars], q: 1}', '{<<: *vars}', ''])}`,
    )
  if (other !== groups[0] && other !== one)
    lines.push(`${other}: ${dice.one(['*whole', '{<<: *whole, vars: {z: 1}}'])}`)
  return `${lines.join('\n')}\n`
}

function dynamic(dice: Dice, groups: readonly string[]): string {
  const names = () => dice.some(3, () => dice.one(['h1', 'h2', 'd1', 'd2']))
  const printed: Record<string, unknown> = {}
  for (const [i, group] of groups.entries()) {
    if (dice.odds(30)) continue
    printed[group] = dice.one([
      () => names(),
      () => ({ hosts: names(), vars: { a: group } }),
      () => ({ hosts: names(), children: groups.slice(i + 1, i + 2) }),
      () => ({ vars: { b: 1 } }),
    ])()
  }
  if (dice.odds(30)) printed['solo'] = { x: 1, y: 'z' }
  if (dice.odds(80)) printed['_meta'] = { hostvars: { h1: { a: 'meta' }, lost: { a: 1 }, d1: {} } }
  return `#!/bin/sh\n[ "$1" = --list ] && cat <<'END' || echo '{"asked": 1}'\n${JSON.stringify(printed)}\nEND\n`
}
