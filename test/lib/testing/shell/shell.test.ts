import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FakeFiles } from '../../../../lib/testing/fake-files.ts'
import { Shell, type System } from '../../../../lib/testing/shell/shell.ts'
import { Input, Output } from '../../../../lib/testing/shell/streams.ts'

const test = suite('shell')

/** What a script gives. */
interface Given {
  readonly code: number
  readonly stdout: string
  readonly errors: boolean
}

/** What a script gives on a machine in memory, in the folder /w. */
async function here(script: string, stdin = ''): Promise<Given> {
  const files = new FakeFiles().directory('/w')
  let count = 0
  const system: System = {
    files,
    user: 'root',
    sleep() {},
    knows: () => false,
    program: async ({ words }) => ({ code: 127, stdout: '', stderr: `${words[0]}: not found\n` }),
    changed() {},
    temporary: (template) => template.replace(/X{3,}/, () => String(++count)),
    isTemporary: () => false,
    signal: undefined,
  }
  const [stdout, stderr] = [new Output(), new Output()]
  const text = Buffer.from(`cd /w\n${script}`).toString('latin1')
  const code = await Shell.run(system, text, { stdin: new Input(stdin), stdout, stderr, env: { HOME: '/root' } })
  return { code, stdout: Buffer.from(stdout.text, 'latin1').toString(), errors: stderr.text !== '' }
}

/** What a shell of this machine gives, in an empty folder. */
function there(shell: string, script: string, stdin = ''): Given {
  const folder = mkdtempSync(path.join(tmpdir(), 'switchover-shell-'))
  try {
    mkdirSync(path.join(folder, 'w'))
    const { status, stdout, stderr } = spawnSync(shell, ['-c', `umask 022\n${script}`, 'sh'], {
      cwd: path.join(folder, 'w'),
      input: stdin,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: '/root', LC_ALL: 'C' },
    })
    return { code: status ?? 255, stdout, errors: stderr !== '' }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const scripts: Readonly<Record<string, readonly string[]>> = {
  'another shell begins where this one is': ['mkdir d; cd d; umask 077; sh -c "echo x > f"; cat f; stat -c %a f'],
  quotes: [
    `echo 'a  b' "c  d" e\\ f "g'h" 'i"j' "\\$x \\"q\\" \\z \\\\"`,
    `x='a b'; echo $x "$x" '$x' "\${x}y" $x"z"`,
    `echo "" '' | wc -c; set -- "" ''; echo $#; set -- "$@"; echo $#; shift 2; set -- "$@"; echo $#`,
    `echo a\\\nb "c\\\nd"`,
    `echo a#b # c\necho "# d"`,
    `x="a'b"; printf '<%s>' "$x" '\\n'; printf '%s\\n' "it's"`,
  ],
  expansions: [
    `x=; echo "\${x:-a}" "\${x-b}" "\${y-c d}" \${y:-c d} "\${x:+e}" "\${z:=f}" "$z" "\${x+set}"`,
    `x=/usr/lib/a.b.c; echo \${x##*/} \${x#*/} \${x%.*} \${x%%.*} \${#x} \${x%/}`,
    `p='*'; x='a*b'; echo "\${x%"$p"b}" "\${x#a\\*}" "\${x%%$p}"`,
    `set -- a 'b c' d; echo $# "$1" "\${2}" $*; for i; do echo "<$i>"; done; for i in "$@"; do echo "[$i]"; done; shift; echo "$*"`,
    `f() { echo $# "$1"; }; f; f "" ; f a b; set -- ; f "$@"; f "\${1+"$@"}"`,
    `echo $((1 + 2 * 3)) $((10 / 3)) $((10 % 3)) $(( (1+2)*3 )) $((5 > 3 && 2 < 1)) $((-4)) $((010)) $((0x1f)); x=5; echo $((x + 1)) $((x *= 2)) $x`,
    `echo $(echo a; echo b) "$(echo c; echo d)" \`echo e\` "\`echo \\"f g\\"\`"; x=$(printf 'a\\n\\n\\n'); echo "[$x]"`,
    `IFS=:; x=a:b::c:; set -- $x; echo $#; printf '<%s>' "$@"; echo; unset IFS; x=' a  b '; set -- $x; echo $# "$1"`,
    `IFS=' :'; x=' a : b:c '; set -- $x; printf '<%s>' "$@"`,
    `IFS='\n'; x='a b\nc d'; for i in $x; do echo "<$i>"; done; IFS=; y='a b'; for i in $y; do echo "<$i>"; done`,
    `IFS=,; set -- a b c; echo "$*"; x="$*"; echo "$x"`,
    `x='a "b" $c'; eval "y=\\$x"; echo "$y"; eval 'echo "\${x}"'; echo "\${x:-"q r"}"`,
    `echo ~ ~/x "~" a~`,
    `echo "\${nothing:-\${also:-deep}}" "\${x:-$(echo sub)}"`,
    `(set -u; echo "\${y:-fine}"; echo $y; echo never) || echo failed`,
    `(: \${y:?is missing}; echo never) || echo failed`,
    `nl='\n'; x="a\${nl}b"; echo "\${x%%"$nl"*}"; case $nl$x in *"$nl"a*) echo yes ;; esac`,
    `x=abc; echo \${x:+\${x%c}} "\${x:-\\}}"`,
  ],
  flow: [
    `if true; then echo a; fi; if false; then echo b; elif true; then echo c; else echo d; fi; if false; then :; else echo e; fi`,
    `true && echo a || echo b; false && echo c || echo d; ! false && echo e; false || false; echo $?`,
    `i=0; while [ $i -lt 5 ]; do i=$((i+1)); [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done; echo end $i`,
    `for i in 1 2; do for j in a b; do [ $j = b ] && continue 2; echo $i$j; done; done; until [ $i = x ]; do i=x; done; echo $i`,
    `for i in a b; do case $i in a|x) echo A ;; *) echo other ;; esac; done; case 'a b' in 'a b') echo q ;; esac; case x in (x) echo p;; esac`,
    `case [x] in [[]x]) echo a ;; esac; case -f in -?) echo b;; esac; case abc in [!b]*) echo c;; esac; case 'a*' in 'a*') echo d;; esac; case 5 in [[:digit:]]) echo e;; esac`,
    `f() { echo in; return 3; echo never; }; f; echo $?; g() ( exit 4 ); g; echo $?; h() { local v=1; echo $1 $#; }; h x y`,
    `(echo a; exit 2; echo b); echo $?; { echo c; }; x=1; (x=2); echo $x; exit 7; echo never`,
    `set -e; false || true; if false; then :; fi; ! true; echo a; (exit 0); false; echo never`,
    `set -e; f() { false; echo in f; }; if f; then echo yes; fi; f && echo more; x=$(false); echo never`,
    `set -e; x=$(echo a; false; echo b); echo never`,
    `trap 'echo bye $?' EXIT; echo hi; exit 3`,
    `(trap 'echo inner' EXIT; echo a); trap 'echo outer' EXIT; trap - EXIT; echo b`,
    `echo a | (read x; echo "got $x"); printf '1\\n2\\n3\\n' | while read n; do echo "<$n>"; done; echo x | cat | cat; false | true; echo $?`,
    `true & wait; echo $?; x=a; x=b true; echo $x; x=c eval 'echo $x'; IFS=- read -r a b <<E\n1-2\nE\necho $a $b`,
    `a=1 b=2; echo $a$b; a=$b b=3; echo $a$b`,
    `unset x; x() { echo f; }; x; command -v x; command -v nosuchthing || echo none; type cd >/dev/null && echo t`,
    `nosuchcommand; echo $?; nosuchcommand 2>/dev/null || echo no`,
    `if [ -e nothing ] || [ ! -e nothing ]; then echo ok; fi\nwhile false; do\n:\ndone\necho "$?"`,
    `set -- a b; while [ $# -gt 0 ]; do echo $1; shift; done`,
  ],
  redirections: [
    `echo a >f; echo b >>f; cat f; cat <f; cat <f >g; cat g; wc -l <g`,
    `echo out; echo err >&2; { echo o; echo e >&2; } 2>&1 | sort; { echo x >&2; } 2>/dev/null`,
    `cat <<E\na $((1+1)) \\$x \${x:-y} $(echo z)\nE\ncat <<'E'\na $x \\n\nE\ncat <<-E\n\t\ttabs\n\tE\necho after`,
    `cat <<A; cat <<B\na\nA\nb\nB\necho c`,
    `printf 'a\\nb\\n' >f; while IFS= read -r l; do echo "<$l>"; done <f; exec 3<f; read x <&3; read y <&3; echo $x$y; exec 3<&-`,
    `exec 4>f; echo a >&4; echo b >&4; exec 4>&-; cat f; exec >g; echo c; exec >&2; cat g`,
    `cat nothing; echo $?; cat <nothing || echo failed; echo x >no/such || echo failed`,
    `set -C; echo a >f; echo b >f || echo failed; cat f; echo c >|f; cat f`,
    `printf 'a b  c\\n' | { read x y; echo "$x,$y"; }; printf 'no end' | { read x; echo $? "$x"; }; printf ' a\\\\b \\n' | { read -r x; printf '[%s]' "$x"; }; printf 'x\\n' | { IFS= read -r x; echo "[$x]"; }; printf 'a:b:c\\n' | { IFS=: read x y; echo "$x $y"; }`,
    `: >f; [ -s f ] || echo empty; [ -f f ] && [ ! -d f ] && echo file; echo x >f; [ -s f ] && echo full`,
    `>f; ls; x=$(cat <<E\nin\nE\n); echo $x`,
    `f() { echo in; } >g; f; cat g; if true; then echo i; fi >h; cat h; for i in 1 2; do echo $i; done >j; cat j`,
    `quietly() { "$@" >o 2>&1 </dev/null 3>&- 4>&-; }; quietly echo hi; cat o; quietly nosuch; [ -s o ] && echo said`,
    `n=a; { head -c 3; cat; } <<E\nabcdef\nE\n`,
  ],
  globs: [
    `>a.txt; >b.txt; >c.md; mkdir d; >d/e.txt; echo *.txt; echo *; echo d/*; echo */*.txt; echo no*such; echo "*.txt" '*'.md; set -f; echo *.md`,
    `>.hidden; >x; echo *; echo .h*; echo [w-y]; for f in *.none; do echo "$f"; done; p='x*'; echo $p "$p"`,
    `mkdir -p a/b c; >a/b/f; >c/f; echo */f a/*/f; cd a; echo b/*; echo ../c/*`,
  ],
  printf: [
    `printf '%s-%d|%5s|%-5s|%05d|%x|%%|%c\\n' a 12 b c 42 255 xyz; printf '%s\\n' a b c; printf '%.2s|%.1s\\n' abcdef x; printf 'a\\tb\\101\\n'; printf '%b\\n' 'a\\nb'; printf 'no args %s|\\n'; printf '%s %s\\n' a b c`,
    `printf '\\\\n'; printf x; printf '%s' ''; echo; printf -- '-a\\n'; printf '%d\\n' 010 "'A"`,
  ],
  tests: [
    `[ a = a ] && [ a != b ] && [ 2 -gt 1 ] && [ -z "" ] && [ -n x ] && [ x ] && ! [ "" ] && ! [ ] && echo all; [ a = a -a b = b ] && echo and; [ a = b -o b = b ] && echo or; [ ! a = b ] && echo not; [ \\( a = a \\) ] && echo par; [ "-n" = "-n" ] && echo op; [ "!" = x ]; echo $?`,
    `>f; ln -s f l; ln -s none m; mkdir d; [ -L l ] && [ -f l ] && [ -L m ] && [ ! -e m ] && [ -d d ] && [ -e d ] && echo links; test -h l && echo h; [ -x d ] && [ ! -x f ] && chmod +x f && [ -x f ] && echo x`,
  ],
  tools: [
    `mkdir -p a/b; echo hi >a/b/f; cp -a a c; cat c/b/f; mv c d; ls; ls d; rm -rf a; ls; mkdir d 2>/dev/null || echo there; rmdir d 2>/dev/null || echo full; rm d 2>/dev/null || echo dir; mkdir -m 700 e; stat -c '%a %n' e`,
    `echo x >f; chmod 640 f; stat -c '%a %s %F %f' f; chmod u+x,g-r,o=r f; stat -c %a f; mkdir d; chmod 2755 d; chmod 755 d; stat -c %a d; chmod ug-s,u=rwx,g=rx,o=,-t d; stat -c %a d; umask 077; >g; stat -c %a g`,
    `echo a >f; ln -s f l; readlink l; readlink f || echo none; ln -sfn g l; readlink l; mkdir d; ln -s d e; ln -s x e; readlink e/x; cp -p f h; cat h; cat l 2>/dev/null || echo dangling; >t; mv -f t e; ls d`,
    `printf '%s\\n' 1 2 3 4 5 >f; head -n 2 f; head -2 f; tail -n 2 f; tail -n +4 f; head -c 3 f; tail -c +9 f; tail -c 2 f; wc -l <f; wc -c <f; cat f | head -n 1; tail -n 1 <f`,
    `printf 'b\\na\\nb\\n' >f; sort f; sort -u <f; grep b f; grep -c b f; grep -q x f || echo none; grep -v b f; grep -E '^(a|x)$' f; sed 's/b/B/' f; sed -n '2p' <f; sed -i 's/a/Z/' f; cat f; tr a-z A-Z <f; cut -c1 f; awk '{ n++ } END { print n }' f; uniq f | wc -l; grep x nothing; echo $?`,
    `echo hi >f; sha256sum f; sha256sum <f; md5sum f; base64 f; base64 <f | base64 -d; echo aGkK | base64 -d; cmp f f && echo same; echo ho >g; cmp -s f g || echo differ`,
    `basename /a/b.c .c; basename a; dirname /a/b; dirname a; seq 3; expr 1 + 2; echo a b | cut -d ' ' -f 2`,
    `mkdir -p a/b; >a/x; >a/b/y; ln -s x a/l; find a | sort; find a -type f | sort; find a -name 'x*'; find a -type d -prune; find a ! -type d ! -type l | sort; find a -maxdepth 1 -name '*' | sort; find a -type f -exec echo {} \\; | sort; find a \\( -name x -o -name y \\) -exec chmod 600 {} +; stat -c %a a/x a/b/y; find a -type f -perm 600 | wc -l; find a -name x -delete; find a | sort; find none 2>/dev/null; echo $?; cd a; find . | sort; find ./ | sort`,
    `t=$(mktemp); [ -f "$t" ] && echo file; d=$(mktemp -d); [ -d "$d" ] && echo dir; rm -rf "$t" "$d"; [ -e "$t" ] || echo gone`,
    `echo a | tee f g; cat f g; echo b | tee -a f >/dev/null; cat f; touch t; [ -f t ] && echo touched; env X=1 sh -c 'echo $X $1' a b; sh -c 'exit 3'; echo $?; echo 'echo "$1" in; cat' | sh -s -- arg; X=2 sh -c 'echo $X'; Y=3; sh -c 'echo [$Y]'; export Y; sh -c 'echo [$Y]'; mkdir e; echo in e >e/f; cd e; sh -c 'cat f'`,
    `printf 'a\\nb\\n' | while read x; do cat; done; echo abc | dd bs=1 count=2 2>/dev/null; echo; cat - <<E\nin\nE`,
  ],
}

for (const [what, list] of Object.entries(scripts)) {
  test(`does as dash and bash do: ${what}`, async () => {
    for (const script of list) {
      const found = await here(script)
      for (const shell of ['dash', 'bash']) {
        const wanted = there(shell, shell === 'bash' ? `set -o posix\n${script}` : script)
        assert.equal(found, wanted, `${shell} differs in:\n${script}`)
      }
    }
  })
}

test.run()
