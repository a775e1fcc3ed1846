package config

import (
	"fmt"
	"strings"
)

// expand replaces ${NAME} by the environment variable NAME and $$ by $. What a
// variable holds is text, whatever it looks like: it is not expanded again and
// not read as YAML. Any other $ is refused, because it is more likely a mistake
// than meant.
func expand(text string, lookup func(string) (string, bool)) (string, []misfit) {
	if !strings.Contains(text, "$") {
		return text, nil
	}
	var out strings.Builder
	var wrong []misfit
	for {
		before, rest, found := strings.Cut(text, "$")
		out.WriteString(before)
		if !found {
			return out.String(), wrong
		}
		if after, ok := strings.CutPrefix(rest, "$"); ok {
			out.WriteByte('$')
			text = after
			continue
		}
		text = rest
		after, ok := strings.CutPrefix(rest, "{")
		name, after, closed := strings.Cut(after, "}")
		if !ok || !closed {
			wrong = append(wrong, misfit{message: "has a $ that begins no variable", remedy: "write $$ for a dollar sign, ${NAME} for a variable"})
			continue
		}
		text = after
		if !variableName(name) {
			wrong = append(wrong, misfit{message: "has a variable whose name is not made of letters, digits and _", remedy: "correct the name, or write $$ for a dollar sign"})
			continue
		}
		value, set := lookup(name)
		if !set {
			wrong = append(wrong, misfit{message: fmt.Sprintf("needs the environment variable %s, which is not set", name), remedy: "set it, or write the value here"})
			continue
		}
		out.WriteString(value)
	}
}

func variableName(name string) bool {
	for i, c := range []byte(name) {
		switch {
		case c == '_', 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z':
		case '0' <= c && c <= '9' && i > 0:
		default:
			return false
		}
	}
	return name != ""
}
