// Package load measures what it costs to make the policies of many principals
// ready to decide: time and memory, from texts and from a bundle's files.
package load

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const account = "111122223333"

// Population is principals who share managed policies.
type Population struct {
	Principals int
	// Sets is how many different sets of policies they have attached.
	Sets int
	// Policies is how many managed policies there are, each of PerPolicy
	// statements.
	Policies, PerPolicy int
	// Attached is how many policies each principal has.
	Attached int
}

// Statements is the number of statements in all texts.
func (p *Population) Statements() int { return p.Policies * p.PerPolicy }

// Texts are the documents of the managed policies. One statement in five has a
// condition.
func (p *Population) Texts() [][]byte {
	texts := make([][]byte, p.Policies)
	for i := range texts {
		statements := make([]string, p.PerPolicy)
		for k := range statements {
			condition := ""
			if k%5 == 0 {
				condition = fmt.Sprintf(`,"Condition":{"IpAddress":{"aws:SourceIp":"10.%d.%d.0/24"}}`, i%256, k)
			}
			statements[k] = fmt.Sprintf(
				`{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::team-%d/%d/*"%s}`, i, k, condition)
		}
		texts[i] = []byte(`{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`)
	}
	return texts
}

// Set is which policies set i holds.
func (p *Population) Set(i int) []int {
	set := make([]int, p.Attached)
	for k := range set {
		// A stride for each lap keeps sets different when they overlap.
		set[k] = (i*p.Attached + k*(1+i*p.Attached/p.Policies)) % p.Policies
	}
	return set
}

// SetOf is the set of a principal.
func (p *Population) SetOf(principal int) int { return principal % p.Sets }

// WriteBundle writes the population as a bundle of users, each with a key.
func (p *Population) WriteBundle(directory, keyFile string) error {
	w := writer{root: directory}
	w.write("bundle.yaml", fmt.Sprintf("accounts: {%q: {}}\nbuckets: [{name: \"*\", account: %q}]\n", account, account))
	for i, text := range p.Texts() {
		w.write(fmt.Sprintf("accounts/%s/policies/p%d.json", account, i), string(text))
	}
	var keys strings.Builder
	keys.WriteString("keys:\n")
	for i := range p.Principals {
		fmt.Fprintf(&keys, "  - {access_key_id: AKIAEXAMPLE%09d, secret_access_key: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY, "+
			"account: %q, user: u%d, status: Active, created: 2026-01-31T12:00:00Z}\n", i, account, i)
		var b strings.Builder
		fmt.Fprintf(&b, "id: AIDA%016d\nattached:\n", i)
		for _, k := range p.Set(p.SetOf(i)) {
			fmt.Fprintf(&b, "  - arn:aws:iam::%s:policy/p%d\n", account, k)
		}
		w.write(fmt.Sprintf("accounts/%s/users/u%d.yaml", account, i), b.String())
	}
	if w.err != nil {
		return w.err
	}
	return os.WriteFile(keyFile, []byte(keys.String()), 0o600)
}

// writer writes files and keeps the first error.
type writer struct {
	root string
	err  error
}

func (w *writer) write(name, text string) {
	if w.err != nil {
		return
	}
	path := filepath.Join(w.root, filepath.FromSlash(name))
	if w.err = os.MkdirAll(filepath.Dir(path), 0o700); w.err == nil {
		w.err = os.WriteFile(path, []byte(text), 0o600)
	}
}
