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
// variable; said plainly.
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
		case glob[i] == "*":
			ok = rest(i+1, j) || j < len(text) && rest(i, j+1)
		case glob[i] == "$":
			ok = len(text)-j >= len(value) && slices.Equal(text[j:j+len(value)], value) && rest(i+1, j+len(value))
		default:
			ok = j < len(text) && (glob[i] == "?" || glob[i] == text[j]) && rest(i+1, j+1)
		}
		table[at] = ok
		return ok
	}
	return rest(0, 0)
}

func characters(s string) (list []string) {
	for s != "" {
		_, n := utf8.DecodeRuneInString(s)
		list = append(list, s[:n])
		s = s[n:]
	}
	return list
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
