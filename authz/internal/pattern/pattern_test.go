package pattern_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/authz/internal/pattern"
)

// matches is what a pattern means, of the characters "*", "?" and "$" for a
// variable, "^" and "!" for "*" and "?" that take no colon; said plainly.
func matches(glob, text []string, value []string) bool {
	table := map[[2]int]bool{}
	var rest func(i, j int) bool
	rest = func(i, j int) bool {
		at := [2]int{i, j}
		if known, ok := table[at]; ok {
			return known
		}
		var ok bool
		switch {
		case i == len(glob):
			ok = j == len(text)
		case glob[i] == "*", glob[i] == "^":
			ok = rest(i+1, j) || j < len(text) && (glob[i] == "*" || text[j] != ":") && rest(i, j+1)
		case glob[i] == "$":
			ok = len(text)-j >= len(value) && slices.Equal(text[j:j+len(value)], value) && rest(i+1, j+len(value))
		default:
			ok = j < len(text) && (glob[i] == "?" || glob[i] == "!" && text[j] != ":" || glob[i] == text[j]) && rest(i+1, j+1)
		}
		table[at] = ok
		return ok
	}
	return rest(0, 0)
}

// fields are the characters of an ARN in which the wildcards of a field stay
// there, but for those at its end if trailing is set.
func fields(arn string, trailing bool) []string {
	parts := strings.SplitN(arn, ":", 6)
	for i, part := range parts[:len(parts)-1] {
		inside := part
		if trailing {
			inside = strings.TrimRight(part, "*")
		}
		parts[i] = strings.NewReplacer("*", "^", "?", "!").Replace(inside) + part[len(inside):]
	}
	return characters(strings.Join(parts, ":"))
}

// FuzzMatch holds Match against what patterns mean, with and without what is
// written down of texts that much is compared with.
func FuzzMatch(f *testing.F) {
	f.Add("*ab*a?b*", "xxabxaxb", "a", true)
	f.Add("arn:*:a*b?:*:*:*a?a*b", "arn:::a:axxbc:x:aaaaab", "", false)
	f.Add("*"+strings.Repeat("ab", 40)+"*?$??b*", strings.Repeat("ab", 30)+"c"+strings.Repeat("ab", 90), "aba", true)
	f.Add("*é?世*"+strings.Repeat("?", 70)+"*", "é\xff世"+strings.Repeat("é", 70), "\xc3", true)
	f.Fuzz(func(t *testing.T, glob, text, value string, eager bool) {
		if len(glob) > 300 || len(text) > 600 || strings.ContainsAny(glob+text+value, "^!") || strings.Contains(glob, "${") || !utf8.ValidString(glob) {
			return
		}
		checkMatch(t, glob, text, value, eager)
	})
}

// checkMatch compares all ways to compile a pattern with what it means.
func checkMatch(t *testing.T, glob, text, value string, eager bool) (matched bool) {
	t.Helper()
	places := pattern.Places{Eager: eager}
	defer places.Release()
	check := func(kind string, p pattern.Pattern, meaning []string) {
		t.Helper()
		var values []string
		if len(p.Variables()) > 0 {
			values = []string{value}
		}
		want := matches(meaning, characters(text), characters(value))
		for range 2 {
			if got := p.Match(text, values, &places); got != want {
				t.Fatalf("%s %q with %q on %q: %t, want %t", kind, glob, value, text, got, want)
			}
		}
		matched = matched || want
	}
	written := strings.ReplaceAll(glob, "$", "${svc:v}")
	check("glob", pattern.Glob(written, true), characters(glob))
	if n := strings.Count(glob, ":"); n >= 5 && !strings.Contains(glob, "$") {
		p, ok := pattern.ARN(glob, false)
		if !ok {
			t.Fatalf("%q is no ARN", glob)
		}
		check("ARN", p, fields(glob, false))
		if strings.HasPrefix(glob, "arn:") {
			check("resource", pattern.Resource(glob, false, false), fields(glob, true))
		}
	}
	return matched
}

// TestMatch matches patterns and texts of few letters, of which many match.
func TestMatch(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 10))
	pick := func(n int, from ...string) string {
		var b strings.Builder
		for range n {
			b.WriteString(from[r.IntN(len(from))])
		}
		return b.String()
	}
	matched := 0
	const most = 20_000
	for i := range most {
		letters := [][]string{{"a", "b"}, {"a", "a", "a", "a", "a", "a", "b"}, {"a", "b", ":"}, {"a", "é", "世", "\xff", "\xc3", ":"}, {"ab", "ab", "ab", "ab", "c"}}[i%5]
		text := pick(r.IntN(120), letters...)
		var glob string
		switch r.IntN(4) {
		case 0:
			glob = "*" + pick(r.IntN(6), append(letters, "*", "?")...) + "*" + pick(r.IntN(40), letters...) + pick(r.IntN(3), "*", "$", "?")
		case 1:
			glob = pick(r.IntN(20), append(letters, "*", "?", "$", "??")...)
		case 2: // what is in the text, with some of it taken out
			chars := characters(text)
			for j := range chars {
				if n := r.IntN(12); n < 3 {
					chars[j] = [...]string{"?", "*", "*"}[n]
				} else if n == 3 && r.IntN(4) == 0 {
					chars[j] = "$"
				}
			}
			glob = strings.Join(chars, "")
			glob = "*" + glob[len(glob)/3:]
		default:
			text = "arn:" + pick(r.IntN(20), append(letters, ":")...) + "::::" + pick(r.IntN(4), letters...)
			glob = "arn:" + pick(r.IntN(12), append(letters, "*", "*", "?", ":")...) + [...]string{"::::*", "::*:*:*", ":::*:?"}[r.IntN(3)]
		}
		if !utf8.ValidString(glob) {
			glob = strings.ToValidUTF8(glob, "?")
		}
		if checkMatch(t, glob, text, pick(r.IntN(3), letters...), i%2 == 0) {
			matched++
		}
	}
	if matched < most/20 || matched > most*19/20 {
		t.Errorf("%d of %d match", matched, most)
	}
}

func characters(s string) (list []string) {
	for s != "" {
		_, n := utf8.DecodeRuneInString(s)
		list = append(list, s[:n])
		s = s[n:]
	}
	return list
}

// TestMatch_places matches where words and sets of places meet, and texts that
// are too long for them.
func TestMatch_places(t *testing.T) {
	t.Parallel()
	a := func(n int) string { return strings.Repeat("a", n) }
	tests := []struct {
		glob, text, value string
		want              bool
	}{
		{"*$?b*", a(300) + "cb" + a(9), a(100), true},
		{"*$?b*", a(99) + "cb" + a(9), a(100), false},
		{"*$?b*", a(300) + "cb" + a(9), "", true},
		{"arn:*a*b:*:*:*:*", "arn:" + a(300) + "b::::", "", true},
		{"arn:*a*b:*:*:*:*", "arn:" + a(300) + ":b::::", "", true}, // as a glob
		{"arn:x*:a*c:*:*:*", "arn:x" + strings.Repeat(":a", 200) + a(200) + "c:::", "", true},
		{"*b" + strings.Repeat("?", 150) + "c*", a(100) + "b" + a(150) + "c", "", true},
		{"*b" + strings.Repeat("?", 151) + "c*", a(100) + "b" + a(150) + "c", "", false},
		{"*" + strings.Repeat("aab", 40) + "*c*", strings.Repeat("aab", 39) + a(9) + strings.Repeat("aab", 41) + "c", "", true},
		{"*" + strings.Repeat("aab", 42) + "*c*", strings.Repeat("aab", 39) + a(9) + strings.Repeat("aab", 41) + "c", "", false},
	}
	for _, tt := range tests {
		for _, eager := range []bool{false, true} {
			if got := checkMatch(t, tt.glob, tt.text, tt.value, eager); got != tt.want {
				t.Errorf("%q on %q: %t, want %t", tt.glob, tt.text, got, tt.want)
			}
		}
	}
	places := pattern.Places{Eager: true}
	defer places.Release()
	long := pattern.Glob("*ab?ab*c", false)
	for end, want := range map[string]bool{"abxabc": true, "abxxabc": false} {
		if got := long.Match(a(70_000)+end, nil, &places); got != want {
			t.Errorf("a long text that ends with %s: %t, want %t", end, got, want)
		}
	}
}

// TestMatch_manyTexts matches more texts in turns than are remembered.
func TestMatch_manyTexts(t *testing.T) {
	t.Parallel()
	places := pattern.Places{Eager: true}
	defer places.Release()
	p := pattern.Glob("*ab?*b", false)
	for i := range 60 {
		text := strings.Repeat("a", 1+i*7%12) + "bxb"
		if !p.Match(text, nil, &places) || p.Match(text+"a", nil, &places) {
			t.Errorf("%q", text)
		}
	}
}

// TestMatch_longPieces matches pieces that are tried at many places, as they are
// in repetitive texts.
func TestMatch_longPieces(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	pick := func(n int, from ...string) string {
		var b strings.Builder
		for range n {
			b.WriteString(from[r.IntN(len(from))])
		}
		return b.String()
	}
	var places pattern.Places
	defer places.Release()
	matched := 0
	for i := range 8_000 {
		letters := []string{"a", "a", "a", "a", "b"}
		if i%2 == 1 {
			letters = []string{"a", "a", "é", "世", "😀", "\xff", "\xc3", ":"}
		}
		text := pick(r.IntN(300), letters...)
		value := pick(r.IntN(3), letters...)
		glob := "*" + pick(r.IntN(4), "a", "?", "a?", "$") + "*" + pick(r.IntN(12), "a", "a", "?", "b", "é", "$") + "*"
		p := pattern.Glob(strings.ReplaceAll(glob, "$", "${svc:v}"), true)
		var values []string
		if strings.Contains(glob, "$") {
			values = []string{value}
		}
		// The value, put in, has characters of its own.
		want := matches(characters(glob), characters(text), characters(value))
		if got := p.Match(text, values, &places); got != want {
			t.Fatalf("%q with %q on %q: %t, want %t", glob, value, text, got, want)
		}
		if want {
			matched++
		}
	}
	if matched < 500 || matched > 7_500 {
		t.Errorf("%d of 8,000 match", matched)
	}
	if places.Work == 0 {
		t.Error("no work was counted")
	}
}

// TestMatch_longARNs is the same for question marks that stay in their field.
func TestMatch_longARNs(t *testing.T) {
	t.Parallel()
	var places pattern.Places
	defer places.Release()
	p := pattern.Resource("arn:*:"+strings.Repeat("a?", 12)+":*:*", false, true)
	colons, piece := "arn:"+strings.Repeat(":a", 100), strings.Repeat("ab", 12)
	for _, tt := range []struct {
		text string
		want bool
	}{
		{colons, false},
		{colons + ":::", false},
		{colons + ":" + piece + "::", false},
		{colons + ":" + piece + ":::", true},
		{colons + ":" + piece[:23] + "é:::", true},
		{colons + "é:" + piece[:22] + "a::::", false},
	} {
		if got := p.Match(tt.text, nil, &places); got != tt.want {
			t.Errorf("%q: %t, want %t", tt.text, got, tt.want)
		}
	}
}

// TestMatch_work bounds the steps that the most costly patterns take: their
// length times a 64th of that of the text, and a constant number for each piece.
func TestMatch_work(t *testing.T) {
	t.Parallel()
	const most = 1024
	tests := []struct{ name, pattern string }{
		{"stars", strings.Repeat("a*", most/2) + "b*"},
		{"pieces", strings.Repeat("*a?a?a?a?a?a?a?", most/16) + "b*"},
		{"one piece", "*" + strings.Repeat("a?", most/3) + "b*"},
		{"question marks", "*" + strings.Repeat("?", most/2) + "b*"},
		{"stars and question marks", strings.Repeat("*?", most/2) + "b*"},
		{"literals", strings.Repeat("*aaaaaaaaaaaaaaab", most/16) + "*"},
		{"variables", "*" + strings.Repeat("${svc:v}?", most/16) + "b*"},
	}
	for _, tt := range tests {
		for _, text := range []string{strings.Repeat("a", most), strings.Repeat("ab", most/2), strings.Repeat("aé", most/3)} {
			p := pattern.Glob(tt.pattern, true)
			var places pattern.Places
			p.Match(text, []string{"aa"}, &places)
			places.Release()
			pieces := 1 + strings.Count(tt.pattern, "*")
			if bound := 40*pieces + 5*len(text) + (len(tt.pattern)+8)*4*(len(text)/64+1); places.Work > bound {
				t.Errorf("%s on %.4q…: %d steps, want at most %d", tt.name, text, places.Work, bound)
			}
		}
	}
}
