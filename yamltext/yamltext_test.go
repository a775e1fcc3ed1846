package yamltext_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/yamltext"
)

// size is that of a text for which the parser, were it given it, could take
// half a minute.
const size = 1 << 18

func many(part string) string { return strings.Repeat(part, size/len(part)) }

// TestParse_tooMuch refuses what would take time that grows faster than the text.
func TestParse_tooMuch(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"keys":                       many("a: b\n"),
		"keys, lines ended by CR":    many("a: b\r"),
		"keys, lines ended by CR LF": many("a: b\r\n"),
		"keys below":                 "a:\n" + many("  b: c\n"),
		"keys of an element":         "- a: b\n" + many("  c: d\n"),
		"keys of keys":               many("a:\n b:\n  c:\n   d: e\n"),
		"documents":                  many("---\n"),
		"documents with values":      many("a: b\n---\n"),
		"complex keys":               many("? a\n"),
		"complex keys of elements":   many("- ? a\n"),
		"tags":                       many("- !a b\n"),
		"empty elements":             many("-\n"),
		"commas":                     "[" + many(","),
		"commas and blanks":          "[" + many(", "),
		"commas in lines":            "[\n- " + many(",\n"),
		"brackets":                   many("["),
		"braces":                     many("{a: "),
		"lists of lists":             many("- "),
		"stairs":                     stairs(1000),
	} {
		var much yamltext.TooMuch
		if _, err := yamltext.Parse([]byte(text)); !errors.As(err, &much) || much.Line < 1 || much.Column < 1 {
			t.Errorf("%s: %+v, %v", name, much, err)
		}
	}
}

// stairs are values each of which stands deeper than the one before.
func stairs(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

// TestParse_much takes what people and programs write, of any length.
func TestParse_much(t *testing.T) {
	t.Parallel()
	var mapping strings.Builder
	for i := range 9_000 {
		fmt.Fprintf(&mapping, "bucket-%d: \"111122223333\"\n", i)
	}
	for name, text := range map[string]string{
		"a mapping":                 mapping.String(),
		"a list":                    many("- a\n"),
		"a list of mappings":        "a:\n" + many("- access_key_id: AKIAEXAMPLE\n  secret_access_key: \"[]\"\n  account: \"1\"\n"),
		"a list in lines, indented": "a:\n" + many("  - {name: b, account: c}\n"),
		"a list in brackets":        "[" + many("a, ") + "a]",
		"a long string":             "a: \"" + many("b") + "\"",
		"48 brackets":               strings.Repeat("[", 48) + strings.Repeat("]", 48),
		"a document":                "---\na: b\n...\n",
	} {
		if _, err := yamltext.Parse([]byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTooMuch tells the place.
func TestTooMuch(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]yamltext.TooMuch{
		"a: b\nc: " + strings.Repeat("[", 60): {Line: 2, Column: 52},
		strings.Repeat("- ", 60) + "a":        {Line: 1, Column: 97},
		stairs(60):                            {Line: 49, Column: 49},
	} {
		var much yamltext.TooMuch
		if _, err := yamltext.Parse([]byte(text)); !errors.As(err, &much) || much != want {
			t.Errorf("%.20q: %+v, want %+v", text, much, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a: [b, {c: d}]\n", "- !a b\n- ? c\n", "---\n&a b: *a\n", "a: |\r\n  b\rc: d", "[,,]", "\"\\x\""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		if file, err := yamltext.Parse(source); (file == nil) == (err == nil) {
			t.Errorf("%v, %v", file, err)
		}
	})
}
