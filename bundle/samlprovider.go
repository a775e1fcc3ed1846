package bundle

import (
	"fmt"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/saml"
)

// SAMLProvider is a SAML identity provider that an account trusts.
type SAMLProvider struct {
	// Account is the account that declares it, ARN
	// arn:aws:iam::ACCOUNT:saml-provider/NAME.
	Account, Name, ARN string
	// SAML is how its responses are verified.
	SAML *saml.Provider
}

// samlSource is a SAML provider as its file has it; provider is nil if it is wrong.
type samlSource struct {
	place
	file     *file
	provider *saml.Provider
}

type parsedMetadata struct {
	provider *saml.Provider
	err      error
}

// readSAML reads saml-providers/NAME.xml.
func (b *builder) readSAML(f *file, p place) {
	id := providerIdentity(p)
	if other := b.saml[id]; other != nil {
		b.error(f.path, policy.Position{}, "DUPLICATE_NAME", fmt.Sprintf("the provider %q has the name of %s: names are compared without case", p.name, other.file.path), "rename one of them")
		return
	}
	known := remember(b, f, "", func() *parsedMetadata {
		provider, err := saml.Parse(f.text)
		return &parsedMetadata{provider, err}
	})
	b.saml[id] = &samlSource{place: p, file: f, provider: known.provider}
	if known.err != nil {
		b.error(f.path, policy.Position{}, "INVALID_METADATA", known.err.Error(), "write the metadata (XML) that the identity provider exports")
		return
	}
	if until := known.provider.ValidUntil(); !until.IsZero() && !b.opts.Now().Before(until) {
		b.report(f.path, policy.Position{}, policy.Warning, "EXPIRED_METADATA", fmt.Sprintf("the metadata ended at %s, and so no response is accepted", until.UTC().Format("2006-01-02T15:04:05Z")), "export them again")
	}
	if until := known.provider.CertificatesUntil(); !b.opts.Now().Before(until) {
		b.report(f.path, policy.Position{}, policy.Warning, "EXPIRED_CERTIFICATE", fmt.Sprintf("the last certificate ended at %s, and so no response is accepted", until.UTC().Format("2006-01-02T15:04:05Z")), "let the provider make a new one, and export the metadata again")
	}
}

func (s *samlSource) arn() string { return "arn:aws:iam::" + s.account + ":saml-provider/" + s.name }

// linkSAML makes the SAML providers of the snapshot, by ARN. Names count as they
// are written.
func (b *builder) linkSAML(s *Snapshot) map[string]*SAMLProvider {
	linked := map[string]*SAMLProvider{}
	for _, id := range keysOf(b.saml) {
		source := b.saml[id]
		if source.provider == nil {
			continue
		}
		linked[source.arn()] = &SAMLProvider{Account: source.account, Name: source.name, ARN: source.arn(), SAML: source.provider}
	}
	s.counts.SAMLProviders = len(linked)
	return linked
}
