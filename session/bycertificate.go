package session

import (
	"encoding/binary"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/wire"
)

// certified is what a certificate stands for: a user, or one who asks for a role.
type certified struct {
	assuming *Assuming
	user     *authz.Caller
	expires  time.Time
}

// ByCertificate is whom a client's certificate stands for, as FromCertificate tells:
// a user, or one who asks to become a role; whether it may, MayAssume decides each
// time. All results are nil if it stands for nobody. What follows from the
// certificate and the snapshot alone is remembered, for an hour at most. Without
// Sessions, nil, nobody becomes a role.
func (s *Sessions) ByCertificate(snap *bundle.Snapshot, cert *wire.Certificate, now time.Time) (*Assuming, *authz.Caller, *wire.Refusal) {
	if cert == nil || len(snap.CertificateRules()) == 0 {
		return nil, nil, nil
	}
	if s == nil {
		who, user, _, r := FromCertificate(snap, cert, now)
		if who != nil {
			r = wire.Unavailable("a certificate stands for a role, and there are no sessions")
		}
		return nil, user, r
	}
	var room [512]byte
	key := string(appendCertificate(room[:0], cert))
	if c, ok := s.certified.find(key, "", snap.Generation()); ok && now.Before(c.expires) && !now.Before(cert.NotBefore) {
		return c.assuming, c.user, nil
	}
	who, user, asked, r := FromCertificate(snap, cert, now)
	if r != nil || who == nil && user == nil {
		return nil, nil, r
	}
	c := &certified{user: user, expires: now.Add(defaultDuration)}
	if !cert.NotAfter.IsZero() && cert.NotAfter.Before(c.expires) {
		c.expires = cert.NotAfter
	}
	size := int64(0)
	if who != nil {
		if c.assuming, r = s.Prepare(&Question{Snapshot: snap, Federated: who, Assumption: asked, Now: now}); r != nil {
			return nil, nil, r
		}
		size = 8 << 10
	}
	s.certified.add(key, "", snap.Generation(), c, size)
	return c.assuming, c.user, nil
}

// appendCertificate writes all that a certificate says, so that no two that differ
// are the same.
func appendCertificate(b []byte, c *wire.Certificate) []byte {
	b = appendText(appendText(appendText(b, c.CommonName), c.IssuerCommonName), c.Serial)
	b = appendTexts(appendTexts(b, c.URIs), c.DNSNames)
	for _, t := range [...]time.Time{c.NotBefore, c.NotAfter} {
		b = binary.BigEndian.AppendUint64(b, uint64(t.Unix()))
	}
	return b
}
