package bundle

import (
	"fmt"
	"strings"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// listed are the findings of a severity as text, up to a bound: for logs and
// status.
func listed(findings []policy.Finding, severity policy.Severity) []string {
	var lines []string
	n := 0
	for _, f := range findings {
		if f.Severity != severity {
			continue
		}
		if n++; n <= maxReported {
			lines = append(lines, f.String())
		}
	}
	if n > maxReported {
		lines = append(lines, fmt.Sprintf("and %d more", n-maxReported))
	}
	return lines
}

// summary is the errors, one on a line.
func summary(findings []policy.Finding) string {
	return strings.Join(listed(findings, policy.Error), "\n")
}

func count(findings []policy.Finding, severity policy.Severity) int {
	n := 0
	for _, f := range findings {
		if f.Severity == severity {
			n++
		}
	}
	return n
}
