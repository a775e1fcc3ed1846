package session

import (
	"time"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/wire"
)

// rolesAnywhere is the service that a role trusts whose sessions certificates may
// get, as those of IAM Roles Anywhere.
// https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
const rolesAnywhere = "rolesanywhere.amazonaws.com"

// FromCertificate is whom a client's certificate stands for by the rules of the
// bundle: a user, or one who asks to become a role. If no rule matches, all results
// are nil; if several do, it is refused.
//
// Who asks to become a role does so as IAM Roles Anywhere would: with session tags
// and the source identity from the certificate, which the trust policy must allow.
// The session's name is the serial number, or what the rule went by if that is not
// known. aws:SourceArn, the trust anchor, is absent: there is none.
func FromCertificate(snap *bundle.Snapshot, cert *wire.Certificate, now time.Time) (who *Federated, user *authz.Caller, a *action.Assumption, r *wire.Refusal) {
	if cert == nil {
		return nil, nil, nil, nil
	}
	rule, ambiguous := snap.Certificate(cert)
	switch {
	case ambiguous:
		return nil, nil, nil, denied("Access Denied", "the names in the client's certificate stand for different principals, or it has other URIs beside a SPIFFE id")
	case rule == nil:
		return nil, nil, nil, nil
	case !cert.NotAfter.IsZero() && !now.Before(cert.NotAfter), now.Before(cert.NotBefore):
		return nil, nil, nil, denied("Access Denied", "the client's certificate is not valid now")
	case rule.UserARN != "":
		u := snap.UserByARN(rule.UserARN)
		if u == nil {
			return nil, nil, nil, denied("Access Denied", "there is no user "+rule.UserARN)
		}
		return nil, u.Caller, nil, nil
	}
	who, r = holder(cert, rule, now)
	if r != nil {
		return nil, nil, nil, r
	}
	name := cert.Serial
	if name == "" {
		name = certificateName(cert)
	}
	return who, nil, &action.Assumption{Action: assumeRole, RoleARN: rule.RoleARN, SessionName: nameOf(name)}, nil
}

// holder is the holder of a certificate that a rule lets ask for a role.
func holder(cert *wire.Certificate, rule *bundle.CertificateRule, now time.Time) (*Federated, *wire.Refusal) {
	f := &Federated{
		Kind: Certificate, Issued: cert.NotBefore, Expires: cert.NotAfter, account: rule.Account,
		Subject: certificateName(cert), Provider: rolesAnywhere,
		Caller: &authz.Caller{Type: authz.Service, ID: rolesAnywhere, ARN: rolesAnywhere, Provider: rolesAnywhere},
	}
	if f.Issued.IsZero() {
		f.Issued = now
	}
	if f.Expires.IsZero() {
		f.Expires = now.Add(defaultDuration)
	}
	for _, t := range []action.Tag{
		{Key: "x509Subject/CN", Value: cert.CommonName},
		{Key: "x509Issuer/CN", Value: cert.IssuerCommonName},
		{Key: "x509SAN/URI", Value: first(cert.URIs)},
		{Key: "x509SAN/DNS", Value: first(cert.DNSNames)},
	} {
		switch {
		case t.Value == "":
			continue
		case utf8.RuneCountInString(t.Value) > maxTagValue || !utf8.ValidString(t.Value):
			// Left out, it could keep a Deny from applying.
			return nil, denied("Access Denied", "the client's certificate has a "+t.Key+" that is no session tag: it is too long, or no UTF-8")
		}
		f.Tags = append(f.Tags, t)
	}
	if cert.CommonName != "" {
		f.SourceIdentity = nameOf(cert.CommonName)
	}
	k := &f.Caller.Keys
	k.Grow(7 + len(f.Tags))
	k.Set("aws:principalisawsservice", "true")
	k.Set("aws:principalservicename", rolesAnywhere)
	k.SetList("aws:principalservicenameslist", []string{rolesAnywhere})
	k.Set("aws:principaltype", "Service")
	k.Set("aws:sourceaccount", rule.Account)
	fillTags(k, nil, f.Tags)
	return f, nil
}

// certificateName is the name that tells most of the holder.
func certificateName(cert *wire.Certificate) string {
	for _, name := range []string{first(cert.URIs), first(cert.DNSNames), cert.CommonName} {
		if name != "" {
			return name
		}
	}
	return "certificate"
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
