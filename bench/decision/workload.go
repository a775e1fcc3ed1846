// Package decision puts the same question, may this caller read this object, to
// Sallyport and to other policy engines, with equivalent rules loaded.
//
// Each engine gets the rules in the form its documentation recommends and the
// question in its own types, made before the clock runs: what is measured is
// the decision alone. The rules are those of one caller, so that no engine
// spends time on whose rules they are.
package decision

import (
	"fmt"
	"net/netip"
	"strings"
)

// Action is the action that every question is about.
const Action = "s3:GetObject"

// Rule is a statement, in terms that all engines have.
type Rule struct {
	Deny   bool
	Action string
	// Resources are patterns of bucket/key in which "*" is any run of
	// characters.
	Resources []string
	// Networks are where the request must come from; empty is anywhere.
	Networks []netip.Prefix
	// UserAgents are patterns of the client's name; empty is any.
	UserAgents []string
}

// Document is the rules of one policy document.
type Document []Rule

// Question is a request to read an object, and the answer that is right.
type Question struct {
	Name        string
	Bucket, Key string
	SourceIP    netip.Addr
	UserAgent   string
	Allowed     bool
}

// Workload is what is attached to the caller, and what is asked.
type Workload struct {
	Documents []Document
	Questions []Question
	// AllLayers is set if the caller is a session, and every other layer is
	// filled with the first of the documents. Only Sallyport has layers.
	AllLayers bool
}

// Rules are the rules of all documents.
func (w *Workload) Rules() []Rule {
	var rules []Rule
	for _, d := range w.Documents {
		rules = append(rules, d...)
	}
	return rules
}

// The names of the questions that are measured.
const (
	Last = "the last statement matches"
	None = "no statement matches"
)

var home = netip.MustParseAddr("203.0.113.9")

// Statements is one document of n statements, each for a bucket of its own. From
// ten statements on the first is a Deny.
func Statements(n int) *Workload {
	document := make(Document, n)
	for i := range document {
		document[i] = Rule{Action: Action, Resources: []string{bucket(i) + "/*"}}
	}
	w := &Workload{
		Documents: []Document{document},
		Questions: []Question{
			{Name: Last, Bucket: bucket(n - 1), Key: "2026/report.csv", SourceIP: home, Allowed: true},
			{Name: None, Bucket: bucket(n), Key: "2026/report.csv", SourceIP: home},
			{Name: "a bucket whose name only begins alike", Bucket: bucket(n-1) + "0", Key: "2026/report.csv", SourceIP: home},
		},
	}
	if n >= 10 {
		document[0] = Rule{Deny: true, Action: Action, Resources: []string{bucket(n-1) + "/private/*"}}
		w.Questions = append(w.Questions,
			Question{Name: "denied", Bucket: bucket(n - 1), Key: "private/report.csv", SourceIP: home},
			Question{Name: "a statement in the middle matches", Bucket: bucket(n / 2), Key: "x", SourceIP: home, Allowed: true})
	}
	return w
}

func bucket(i int) string { return fmt.Sprintf("team-%06d", i) }

// Candidates is Statements, of which the last up to eight could match the
// request but for where it comes from; the last of them does. documents is
// into how many documents they are split, of equal size.
func Candidates(n, documents int) *Workload {
	w := Statements(n)
	all := w.Documents[0]
	const most = 8
	candidates := min(n, most)
	for i := range candidates {
		network := netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(i) << 4}), 28)
		if i == candidates-1 {
			network = netip.PrefixFrom(home, 28).Masked()
		}
		all[n-candidates+i] = Rule{
			Action: Action, Resources: []string{bucket(n-1) + "/*"}, Networks: []netip.Prefix{network},
		}
	}
	w.Questions = append(w.Questions, Question{
		Name: "from elsewhere", Bucket: bucket(n - 1), Key: "2026/report.csv", SourceIP: netip.MustParseAddr("192.0.2.1"),
	})
	if n >= 10 {
		// The middle may be a candidate now.
		w.Questions = w.Questions[:4]
	}
	w.Documents = nil
	for i := range documents {
		w.Documents = append(w.Documents, all[i*n/documents:(i+1)*n/documents])
	}
	return w
}

// Wildcards is one statement whose pattern has n wildcards, and a name of 100
// characters that a matcher can split between them in as many ways as there are.
func Wildcards(n int) *Workload {
	pattern, name := "archive/", strings.Repeat("a", 100)
	for range n {
		pattern += "*a"
	}
	return &Workload{
		Documents: []Document{{{Action: Action, Resources: []string{pattern + "*b"}}}},
		Questions: []Question{
			{Name: None, Bucket: "archive", Key: name, SourceIP: home},
			{Name: Last, Bucket: "archive", Key: name + "b", SourceIP: home, Allowed: true},
		},
	}
}

// Networks is one statement for n networks.
func Networks(n int) *Workload {
	networks := make([]netip.Prefix, n)
	for i := range networks {
		networks[i] = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0}), 24)
	}
	last := networks[n-1].Addr().Next()
	return &Workload{
		Documents: []Document{{{Action: Action, Resources: []string{"reports/*"}, Networks: networks}}},
		Questions: []Question{
			{Name: Last, Bucket: "reports", Key: "2026/q1.csv", SourceIP: last, Allowed: true},
			{Name: None, Bucket: "reports", Key: "2026/q1.csv", SourceIP: home},
		},
	}
}
