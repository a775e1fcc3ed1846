package checkpb_test

import (
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/proxy/extauthz/checkpb"
)

func TestMarshal(t *testing.T) {
	t.Parallel()
	headers := []checkpb.Header{{Name: "a", Value: "b"}, {Name: "a", Value: "c", Beside: true}, {Name: "empty"}, {}}
	for name, r := range map[string]checkpb.Response{
		"allowed":            {},
		"allowed with all":   {Message: "m", Headers: headers, Remove: []string{"x", ""}, Answer: headers[:1], Metadata: []checkpb.Pair{{"a", "b"}, {"", "c"}, {"d", ""}}},
		"denied":             {Code: 7},
		"denied with all":    {Code: 16, Message: "m", Status: 403, Body: "<Error/>", Headers: headers, Metadata: []checkpb.Pair{{"a", "b"}}},
		"a negative code":    {Code: -1, Status: -1},
		"a long text":        {Code: 1, Body: strings.Repeat("é", 1<<15), Metadata: []checkpb.Pair{{"k", strings.Repeat("v", 127)}, {"l", strings.Repeat("v", 128)}}},
		"what has no effect": {Status: 403, Body: "not shown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parse(t, &r)
		})
	}
}

// FuzzMarshal writes anything so that the generated types read it.
func FuzzMarshal(f *testing.F) {
	f.Add(int32(0), int32(0), "", "a: b\n+a: c\n-d\n=e: f\n!g: h", "")
	f.Add(int32(7), int32(403), "AccessDenied", "a: b\n!g: h", "<Error/>")
	f.Fuzz(func(t *testing.T, code, status int32, why, lines, body string) {
		valid := func(s string) string { return strings.ToValidUTF8(s, "?") }
		r := checkpb.Response{Code: code, Message: valid(why), Status: status, Body: valid(body)}
		named := map[string]bool{}
		for line := range strings.SplitSeq(valid(lines), "\n") {
			name, value, _ := strings.Cut(line, ": ")
			switch {
			case strings.HasPrefix(line, "-"):
				r.Remove = append(r.Remove, line[1:])
			case strings.HasPrefix(line, "="):
				r.Answer = append(r.Answer, checkpb.Header{Name: name[1:], Value: value})
			case strings.HasPrefix(line, "!"):
				if !named[name] {
					r.Metadata = append(r.Metadata, checkpb.Pair{Name: name, Value: value})
				}
				named[name] = true
			default:
				beside := strings.HasPrefix(line, "+")
				r.Headers = append(r.Headers, checkpb.Header{Name: strings.TrimPrefix(name, "+"), Value: value, Beside: beside})
			}
		}
		parse(t, &r)
	})
}
