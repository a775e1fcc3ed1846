package main

import (
	"fmt"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/bundle"
)

// BundleCmd is about bundles.
type BundleCmd struct {
	Check BundleCheckCmd `cmd:"" help:"Check a bundle and list everything there is to say about it."`
}

// BundleCheckCmd checks a bundle.
type BundleCheckCmd struct {
	Format
	Directory string   `arg:"" help:"Directory of the bundle."`
	Keys      []string `short:"k" sep:"none" placeholder:"FILE" help:"Key file to check with it; may be repeated."`
	Sessions  string   `short:"s" placeholder:"FILE" help:"Session key file to check with it."`
}

// Help shows an example.
func (BundleCheckCmd) Help() string {
	return `Each finding is a line FILE:LINE:COLUMN: severity: what; what to do. With errors the exit code is 1, and Sallyport would not bring the bundle into force.
Which routes there are is not known here: every action and condition key that this version knows is taken to be in use, and names of routes are not checked.

Example:

    sallyport bundle check bundle --keys keys.yaml
`
}

// checkedBundle is what bundle check says.
type checkedBundle struct {
	OK         bool             `json:"ok"`
	Revision   string           `json:"revision,omitempty"`
	Findings   []checkedFinding `json:"findings"`
	Accounts   int              `json:"accounts"`
	Users      int              `json:"users"`
	Groups     int              `json:"groups"`
	Roles      int              `json:"roles"`
	Policies   int              `json:"policies"`
	Statements int              `json:"statements"`
	Providers  int              `json:"providers"`
	SAML       int              `json:"saml_providers"`
	Keys       int              `json:"keys"`
	MFADevices int              `json:"mfa_devices"`
}

// checkedFinding is a finding as JSON.
type checkedFinding struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Message  string `json:"message"`
	Remedy   string `json:"remedy,omitempty"`
}

// Run prints the findings and, without errors, what the bundle holds.
func (c *BundleCheckCmd) Run(console *Console) error {
	snapshot, findings := bundle.Load(bundle.Options{
		Directory:      c.Directory,
		KeyFiles:       c.Keys,
		SessionKeyFile: c.Sessions,
		Routes:         anyBundleRoutes(),
	})
	result := checkedBundle{OK: snapshot != nil, Findings: make([]checkedFinding, len(findings))}
	rows := make([][]string, 0, len(findings)+1)
	for i, f := range findings {
		result.Findings[i] = checkedFinding{f.File, f.Line, f.Column, f.Severity.String(), f.Code, f.Message, f.Remedy}
		rows = append(rows, []string{severe(f)})
	}
	if snapshot != nil {
		n := snapshot.Counts()
		result.Revision = snapshot.Revision()
		result.Accounts, result.Users, result.Groups, result.Roles = n.Accounts, n.Users, n.Groups, n.Roles
		result.Policies, result.Statements = n.Policies, n.Statements
		result.SAML = n.SAMLProviders
		result.Providers, result.Keys, result.MFADevices = n.Providers, n.Keys, n.MFADevices
		line := fmt.Sprintf("%s: OK, revision %s: %s, %s, %s, %s, %s with %s, %s", c.Directory, result.Revision,
			plural(n.Accounts, "account"), plural(n.Users, "user"), plural(n.Groups, "group"), plural(n.Roles, "role"),
			policiesOf(n.Policies), plural(n.Statements, "statement"), plural(n.Keys, "active key"))
		if n.Providers > 0 {
			line += ", " + plural(n.Providers, "provider")
		}
		if n.SAMLProviders > 0 {
			line += ", " + plural(n.SAMLProviders, "SAML provider")
		}
		if n.MFADevices > 0 {
			line += ", " + plural(n.MFADevices, "MFA device")
		}
		rows = append(rows, []string{line})
	}
	if err := console.Print(c.Format, result, nil, rows); err != nil {
		return err
	}
	if snapshot == nil {
		return errFindings
	}
	return nil
}

// severe is a finding with its severity where a reader of compilers' output
// looks for it.
func severe(f policy.Finding) string {
	f.Message = f.Severity.String() + ": " + f.Message
	return f.String()
}

func policiesOf(n int) string {
	if n == 1 {
		return "1 policy"
	}
	return fmt.Sprintf("%d policies", n)
}
