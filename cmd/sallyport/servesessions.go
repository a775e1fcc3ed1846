package main

import (
	"fmt"
	"time"

	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/oidc"
	"github.com/sallyport-iam/sallyport/proxy/admin"
	"github.com/sallyport-iam/sallyport/service"
	stsservice "github.com/sallyport-iam/sallyport/service/sts"
	"github.com/sallyport-iam/sallyport/session"
)

// openSessions makes what opens and issues temporary credentials, if there are to
// be any.
func (s *server) openSessions() error {
	if s.cfg.Sessions == nil {
		return nil
	}
	var err error
	if s.sessions, err = session.New(session.Options{MaxBytes: s.cfg.Sessions.Cache}); err != nil {
		return fmt.Errorf("sessions: %w", err)
	}
	s.tokens = oidc.New(oidc.Options{Now: time.Now, Log: s.logger})
	return nil
}

// sts answers what is asked of STS.
func (s *server) sts() service.Service { return stsservice.New(s.sessions) }

// activated tells the verifier of tokens which providers there are now. It fetches
// their keys ahead; nothing waits for them, and readiness does not depend on them. And
// it tells who keeps the heap.
func (s *server) activated(bundle.Status) {
	select {
	case s.activations <- struct{}{}:
	default: // it has been told already
	}
	snapshot := s.bundle.Current()
	if s.tokens == nil || snapshot == nil {
		return
	}
	providers := snapshot.Providers()
	known := make([]*oidc.Provider, len(providers))
	for i, p := range providers {
		known[i] = p.OIDC
	}
	s.tokens.Use(known)
}

// sessionKeys is what /status shows of the keys of temporary credentials; nil if
// there are to be none.
func (s *server) sessionKeys() *admin.Sessions {
	if s.sessions == nil {
		return nil
	}
	out := &admin.Sessions{SealingKeys: []string{}, TrustedKeys: []string{}}
	if snapshot := s.bundle.Current(); snapshot != nil && snapshot.SessionKeys() != nil {
		keys := snapshot.SessionKeys()
		for _, k := range keys.Sealing {
			out.SealingKeys = append(out.SealingKeys, k.ID)
		}
		for _, k := range keys.Trusted {
			out.TrustedKeys = append(out.TrustedKeys, k.ID)
		}
		if keys.Issuer != nil {
			out.IssuerKey = keys.Issuer.ID
		}
	}
	return out
}
