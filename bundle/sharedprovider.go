package bundle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// A shared provider gives tokens to whoever has an account there. A trust policy
// that lets them all in would let strangers in, so it must tell whose tokens are
// meant, with a claim that strangers cannot choose. AWS refuses such policies, too.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html

// sharedRule is what is known of a shared provider.
type sharedRule struct {
	// url is the provider's; one that ends in "/" stands for all below it.
	url, name string
	// claims are those of which one tells whose a token is.
	claims []string
	// subject is what everybody's subjects begin with, before the name of an
	// organization, which end ends; empty if they have no such form.
	subject, end string
}

var (
	bySubject           = []string{"sub"}
	byAudience          = []string{"aud"}
	bySubjectOrAudience = []string{"sub", "aud"}
)

var sharedRules = []sharedRule{
	{url: "https://token.actions.githubusercontent.com", name: "GitHub Actions", claims: bySubject, subject: "repo:", end: "/"},
	{url: "https://vstoken.actions.githubusercontent.com", name: "GitHub Actions", claims: bySubject, subject: "repo:", end: "/"},
	{url: "https://oidc-configuration.audit-log.githubusercontent.com", name: "GitHub audit log streaming", claims: bySubject},
	{url: "https://gitlab.com", name: "GitLab", claims: bySubject, subject: "project_path:", end: "/"},
	{url: "https://agent.buildkite.com", name: "Buildkite", claims: bySubject, subject: "organization:", end: ":"},
	{url: "https://app.terraform.io", name: "HCP Terraform", claims: bySubject, subject: "organization:", end: ":"},
	{url: "https://scalr.io", name: "Scalr", claims: bySubject},
	{url: "https://oidc.codefresh.io", name: "Codefresh", claims: bySubject},
	{url: "https://studio.datachain.ai/api", name: "DVC Studio", claims: bySubject},
	{url: "https://tokens.cloud.shisho.dev", name: "Shisho Cloud", claims: bySubject},
	{url: "https://proidc.upbound.io", name: "Upbound", claims: bySubject},
	{url: "https://api.pulumi.com/oidc", name: "Pulumi Cloud", claims: byAudience},
	{url: "https://oidc.vercel.com", name: "Vercel", claims: byAudience},
	{url: "https://sandboxes.cloud", name: "sandboxes.cloud", claims: byAudience},
	{url: "https://accounts.google.com", name: "Google", claims: bySubjectOrAudience},
	{url: "https://appleid.apple.com", name: "Apple", claims: bySubjectOrAudience},
	{url: "https://www.facebook.com", name: "Facebook", claims: bySubjectOrAudience},
	{url: "https://login.salesforce.com", name: "Salesforce", claims: bySubjectOrAudience},
	{url: "https://oidc.circleci.com/org/", name: "CircleCI", claims: bySubjectOrAudience},
	{url: "https://api.bitbucket.org/2.0/workspaces/", name: "Bitbucket", claims: bySubjectOrAudience},
}

// knownShared is what is known of the provider with a URL; nil for one that is not
// known to be shared.
func knownShared(url string) *sharedRule {
	url = strings.ToLower(url)
	for i := range sharedRules {
		r := &sharedRules[i]
		if prefix, below := strings.CutSuffix(r.url, "/"); below && strings.HasPrefix(url, prefix+"/") || strings.TrimSuffix(url, "/") == r.url {
			return r
		}
	}
	return nil
}

// checkScope sees to it that a statement which lets the users of a shared provider
// in says whose of them.
func (b *builder) checkScope(d *document, s *policy.Statement, at policy.Position, p *Provider) {
	rule := knownShared(p.OIDC.Issuer)
	if rule == nil {
		rule = &sharedRule{name: p.Key, claims: bySubjectOrAudience}
	}
	doc := d.compiled.Source()
	var keys []string
	var open *policy.Value // one that all subjects of their usual form match
	for _, claim := range rule.claims {
		key := p.Key + ":" + claim
		keys = append(keys, key)
		for i := range s.Conditions {
			c := &s.Conditions[i]
			if c.Name() != strings.ToLower(key) || !decides(c) {
				continue
			}
			if slices.ContainsFunc(c.Values, func(v policy.Value) bool { return anything(doc, c, v) }) {
				continue
			}
			if claim == "sub" {
				if i := slices.IndexFunc(c.Values, func(v policy.Value) bool { return everyOrganization(doc, c, v, rule) }); i >= 0 {
					open = &c.Values[i]
					continue
				}
				b.checkSubjects(d, c, rule)
			}
			return
		}
	}
	if open != nil {
		b.error(d.file, open.Position, "UNSCOPED_PROVIDER",
			fmt.Sprintf("%s gives tokens to everybody, and %q matches subjects of every organization", rule.name, open.Text),
			"begin it with "+rule.subject+"ORGANIZATION"+rule.end)
		return
	}
	b.error(d.file, at, "UNSCOPED_PROVIDER",
		fmt.Sprintf("%s gives tokens to everybody, and nothing in this statement tells whose are meant", rule.name),
		"add a condition: StringEquals or StringLike on "+strings.Join(keys, " or ")+", with a value that is not wildcards alone")
}

// decides tells whether a condition holds only for values that it names.
func decides(c *policy.Condition) bool {
	if c.Operator.IfExists || c.Operator.Set == policy.ForAllValues {
		return false
	}
	switch c.Operator.Test {
	case policy.StringEquals, policy.StringEqualsIgnoreCase, policy.StringLike:
		return true
	default:
		return false
	}
}

// everyOrganization tells whether a value's first wildcard or variable stands
// before the name of an organization: strangers choose what follows it in theirs.
func everyOrganization(doc *policy.Document, c *policy.Condition, v policy.Value, rule *sharedRule) bool {
	literal, whole := head(doc, c, v)
	return rule.subject != "" && !whole && strings.HasPrefix(rule.subject, literal)
}

// checkSubjects warns of patterns that match subjects of several organizations.
func (b *builder) checkSubjects(d *document, c *policy.Condition, rule *sharedRule) {
	for _, v := range c.Values {
		literal, whole := head(d.compiled.Source(), c, v)
		if rule.subject == "" || whole {
			continue
		}
		if organization, usual := strings.CutPrefix(literal, rule.subject); !usual || strings.Contains(organization, rule.end) {
			continue
		}
		b.report(d.file, v.Position, policy.Warning, "BROAD_SUBJECT",
			fmt.Sprintf("%q matches subjects of many organizations: its first wildcard stands before the end of the name of one", v.Text),
			"begin it with "+rule.subject+"ORGANIZATION"+rule.end)
	}
}

// head is what a value says before its first wildcard or variable; whole tells that
// it has none.
func head(doc *policy.Document, c *policy.Condition, v policy.Value) (literal string, whole bool) {
	parts := []policy.Part{{Kind: policy.Text, Text: v.Text}}
	if doc.HasVariables() {
		parts, _ = policy.ParseTemplate(v.Text)
	}
	for _, p := range parts {
		if p.Kind == policy.Variable {
			return literal, false
		}
		if p.Kind == policy.Text && c.Operator.Test == policy.StringLike {
			if i := strings.IndexAny(p.Text, "*?"); i >= 0 {
				return literal + p.Text[:i], false
			}
		}
		literal += p.Text
	}
	return literal, true
}

// anything tells whether a value says nothing but wildcards and variables, which
// whoever asks may choose.
func anything(doc *policy.Document, c *policy.Condition, v policy.Value) bool {
	parts := []policy.Part{{Kind: policy.Text, Text: v.Text}}
	if doc.HasVariables() {
		parts, _ = policy.ParseTemplate(v.Text)
	}
	for _, p := range parts {
		s := p.Text
		switch {
		case p.Kind == policy.Variable:
			continue
		case p.Kind == policy.Text && c.Operator.Test == policy.StringLike:
			s = strings.Trim(s, "*?")
		}
		if s != "" {
			return false
		}
	}
	return true
}
