import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as fc from 'fast-check'
import { loadInventory } from '../../../lib/inventory/load.ts'
import { applyLimit, expandRange, matchHosts } from '../../../lib/model/pattern.ts'

interface Cases {
  readonly inventory_ini: string
  readonly patterns: readonly {
    readonly pattern: string
    readonly hosts: readonly string[]
    readonly warns: boolean
    readonly want?: string
  }[]
  readonly limit: readonly {
    readonly pattern: string
    readonly limit: string
    readonly hosts: readonly string[] | null
    readonly warns: boolean
  }[]
  readonly ranges: readonly {
    readonly line: string
    readonly hosts: readonly string[]
    readonly parse_error: boolean
  }[]
}
const cases = JSON.parse(readFileSync(new URL('../../cases/selection.json', import.meta.url), 'utf8')) as Cases

const folder = mkdtempSync(path.join(tmpdir(), 'pattern-'))
const file = path.join(folder, 'hosts')
writeFileSync(file, cases.inventory_ini)
const inventory = await loadInventory([file], { cwd: folder })
const all = matchHosts('all', inventory).hosts

const match = (pattern: string) => {
  const { hosts, problems } = matchHosts(pattern, inventory)
  return {
    hosts: hosts.map(({ name }) => name),
    problems: problems.map(({ message, hint }) => (hint ? `${message} - ${hint}` : message)),
  }
}
const limit = (...limits: readonly string[]) => {
  const { hosts, problems } = applyLimit(all, limits, inventory, (name) =>
    readFileSync(path.join(folder, name), 'utf8'),
  )
  return { hosts: hosts.map(({ name }) => name), problems: problems.map(({ message }) => message) }
}

const test = suite('pattern')
test.after(() => rmSync(folder, { recursive: true }))

// What we do instead where Ansible's answer is a trap.
const instead: Readonly<Record<string, { readonly hosts: readonly string[]; readonly problem?: RegExp }>> = {
  '!all': { hosts: [] },
  'compute[0-2]': {
    hosts: [],
    problem: /^compute\[0-2\] is neither a slice nor a glob - write compute\[0:2\] for elements of compute/,
  },
  'compute[:2]': { hosts: ['node-01', 'node-02', 'node-03'] },
  'Ctl-old': { hosts: [], problem: /^no host or group matches Ctl-old - did you mean ctl-old\?$/ },
  'compute:!node-0[1:2]': {
    hosts: ['node-01', 'node-02', 'node-03', 'node-04', 'node-05', 'node-06'],
    problem: /^!node-0\[1:2\] excludes nothing: no host or group matches node-0 - \[1:2\] is read as a slice of node-0/,
  },
}

test('the table is whole', () => {
  assert.ok(cases.patterns.length >= 30)
  assert.ok(cases.ranges.length >= 15)
  assert.equal(
    cases.patterns
      .filter(({ want }) => want)
      .map(({ pattern }) => pattern)
      .sort(),
    Object.keys(instead).sort(),
  )
})

for (const { pattern, hosts, warns, want } of cases.patterns) {
  const ours = instead[pattern]
  test(ours ? `${pattern}: unlike Ansible, ${want}` : `${pattern}: as Ansible`, () => {
    const found = match(pattern)
    assert.equal(found.hosts, ours ? ours.hosts : hosts)
    if (ours?.problem) assert.match(found.problems.join('\n'), ours.problem)
    else assert.is(found.problems.length > 0, ours ? false : warns)
  })
}

for (const { pattern, limit: text, hosts, warns } of cases.limit) {
  test(`${pattern} limited to ${text || "''"}: as Ansible`, () => {
    const found = applyLimit(matchHosts(pattern, inventory).hosts, [text], inventory, (name) =>
      readFileSync(path.join(folder, name), 'utf8'),
    )
    assert.equal(
      found.hosts.map(({ name }) => name),
      hosts ?? [],
    )
    assert.is(found.problems.length > 0, warns || hosts === null)
  })
}

test('slices count from the end too, unlike Ansible', () => {
  assert.equal(match('compute[-2:]').hosts, ['node-05', 'node-06'])
  assert.equal(match('compute[1:-2]').hosts, ['node-02', 'node-03', 'node-04', 'node-05'])
})
test('an end of 0 counts as no slice, an end before the start selects nothing', () => {
  assert.equal(match('compute[2:0]').hosts, ['node-03'])
  assert.equal(match('compute[2:1]').hosts, [])
  assert.equal(match('compute[2:]').hosts, ['node-03', 'node-04', 'node-05', 'node-06'])
})
test('an element that is not there is a problem that says how many there are', () => {
  assert.equal(match('compute[6]'), {
    hosts: [],
    problems: ['compute[6] matches no host: compute has 6, counted from 0 - write one of compute[0] to compute[5]'],
  })
  assert.equal(match('compute[-7]').problems.length, 1)
})
test('a regular expression is anchored at the start only, and takes no slice', () => {
  assert.equal(match('~ode').hosts, [])
  assert.is(match('~node').hosts.length, 6)
  assert.equal(match('~node-0[1]').hosts, ['node-01'])
})
test('a typo in an exclusion is a problem', () => {
  assert.equal(match('compute:!node-1').problems, [
    '!node-1 excludes nothing: no host or group matches node-1 - did you mean node-01?',
  ])
  assert.is(match('compute:&stagin').problems[0], 'no host or group matches stagin - did you mean staging?')
})
test('a glob may exclude', () => {
  assert.equal(match('node-0[!1]').hosts, ['node-02', 'node-03', 'node-04', 'node-05', 'node-06'])
  assert.equal(match('*.lab').hosts, ['web0.lab', 'web2.lab', 'web4.lab'])
})
test('all never includes a localhost that is not listed', () => {
  assert.not.ok(match('all').hosts.includes('localhost'))
  assert.not.ok(match('*').hosts.includes('localhost'))
  assert.equal(
    matchHosts('::1', inventory).hosts.map(({ name, settings }) => [name, settings.connection]),
    [['::1', 'local']],
  )
})
test('an open bracket is refused, not cut', () => {
  assert.is(match('compute[0').problems.length, 1)
})
test('a broken regular expression is a problem', () => {
  assert.is(
    match('~node-(').problems[0]!,
    '~node-( is not a regular expression: unterminated group - put a \\ before what stands for itself: \\[ \\( \\* \\+ \\?',
  )
  assert.match(
    match('~node-(1:2)').problems[0]!,
    /^~node-\(1 is not .*group - a regular expression with : or , in it is cut/,
  )
})

test('repeated limits add up, and a file holds one pattern a line', () => {
  assert.equal(
    limit('node-01', 'db').hosts,
    ['node-01', 'db-a', 'db-b', 'db-c'].sort((a, b) => order(a) - order(b)),
  )
  writeFileSync(path.join(folder, 'some.retry'), '# those that failed\nnode-02\n\nctl-old\n')
  assert.equal(
    limit('@some.retry').hosts,
    ['node-02', 'ctl-old'].sort((a, b) => order(a) - order(b)),
  )
})
const order = (name: string) => all.findIndex((host) => host.name === name)
test('a limit that nothing in the inventory matches is a problem, one that misses the play is none', () => {
  assert.equal(limit('nosuch').hosts, [])
  assert.equal(limit('nosuch').problems, ['no host or group matches nosuch'])
  const missed = applyLimit(matchHosts('db', inventory).hosts, ['compute'], inventory, () => '')
  assert.equal(missed, { hosts: [], problems: [] })
})
test('a limit file that is missing is a problem that names it', () => {
  assert.match(limit('@nofile').problems[0]!, /^there is no limit file nofile/)
})
test('an empty limit file does not mean all hosts', () => {
  writeFileSync(path.join(folder, 'empty.retry'), '\n')
  assert.equal(limit('@empty.retry'), { hosts: [], problems: ['the limit @empty.retry names no host'] })
})

// Lines that are a matter of the INI form are read as a file; expandRange sees the others alone.
for (const { line, hosts, parse_error } of cases.ranges) {
  test(`range ${line}: as Ansible`, async () => {
    const lone = path.join(folder, 'range')
    writeFileSync(lone, `[g]\n${line}\n`)
    let found: readonly string[] | undefined
    try {
      found = [...(await loadInventory([lone], { cwd: folder })).hosts.keys()]
    } catch {
      found = undefined
    }
    assert.equal(found, parse_error ? undefined : hosts)
    if (/^[^\s:]+(\[[^\]]*\][^\s:]*)+$/.test(line)) {
      if (parse_error) assert.throws(() => expandRange(line))
      else assert.equal(expandRange(line), hosts)
    }
  })
}
test('a bad range says what is wrong with it', () => {
  const reason = (text: string) => {
    try {
      expandRange(text)
    } catch (error) {
      return (error as Error).message
    }
    return undefined
  }
  assert.is(reason('n[01:3]'), 'n[01:3]: 01 and 3 must have the same length, since 01 starts with 0')
  assert.is(reason('n[1:]'), 'n[1:]: the range [1:] has no end')
  assert.is(reason('n[d:a]'), 'n[d:a]: the range starts at d, after its end a')
  assert.is(reason('n[1:5:0]'), 'n[1:5:0]: the step 0 of the range is not a number above 0')
  assert.is(reason('n[1:a]'), 'n[1:a]: the ends of [1:a] are neither numbers nor letters')
  assert.is(reason('n[1]'), 'n[1]: [1] is not a range')
  assert.is(reason('n[1:2'), 'n[1:2: a bracket without its partner')
})
test('a range has as many names as its ends are apart', () => {
  fc.assert(
    fc.property(fc.nat(300), fc.nat(300), fc.integer({ min: 1, max: 7 }), (from, length, step) => {
      const names = expandRange(`n[${from}:${from + length}:${step}]`)
      assert.is(names.length, Math.floor(length / step) + 1)
      assert.is(names[0], `n${from}`)
      assert.is(new Set(names).size, names.length)
    }),
  )
})
test('the sets obey their algebra for any two groups', () => {
  const groups = fc.constantFrom(...inventory.groups.keys())
  fc.assert(
    fc.property(groups, groups, (a, b) => {
      const names = (pattern: string) => new Set(matchHosts(pattern, inventory).hosts.map(({ name }) => name))
      const [left, right] = [names(a), names(b)]
      assert.equal([...names(`${a}:&${b}`)].sort(), [...left].filter((name) => right.has(name)).sort())
      assert.equal([...names(`${a}:!${b}`)].sort(), [...left].filter((name) => !right.has(name)).sort())
      assert.equal([...names(`${a}:${b}`)].sort(), [...new Set([...left, ...right])].sort())
    }),
  )
})

test.run()
