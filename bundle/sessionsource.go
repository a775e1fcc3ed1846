package bundle

import (
	"slices"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// sessionSources are the ways in which temporary credentials can come about.
type sessionSources struct {
	// keys: they are issued and opened, or may be, as far as is known. bearer,
	// certificates: a token or a client's certificate stands for a role by itself.
	keys, bearer, certificates bool
}

func (s sessionSources) any() bool { return s.keys || s.bearer || s.certificates }

// sessions are the ways that there are with this bundle.
func (b *builder) sessions() sessionSources {
	if b.opts.NoSessions {
		return sessionSources{}
	}
	// Where the routes are not known, no more is the rest of the configuration.
	anywhere := slices.ContainsFunc(b.opts.Routes, func(r Route) bool { return r.Name == AnyRoute })
	sources := sessionSources{keys: b.opts.SessionKeyFile != "" || anywhere}
	for _, p := range b.providers {
		sources.bearer = sources.bearer || p.entity.bearer != nil
	}
	for _, e := range b.settings.certificates {
		sources.certificates = sources.certificates || e.role.value != ""
	}
	return sources
}

// readSessionKeys are the keys of temporary credentials; nil if there are none.
func (b *builder) readSessionKeys() *SessionKeys {
	if b.in.sessions == nil {
		return nil
	}
	f, findings := b.in.sessions.parseSessionKeys()
	b.findings = append(b.findings, findings...)
	if f == nil {
		return nil
	}
	b.findings = append(b.findings, f.spent(b.in.sessions.path, b.opts.Now())...)
	return f.sessionKeys()
}

// checkNoSessions tells what the bundle says of sessions where there are none.
func (b *builder) checkNoSessions() {
	if !b.opts.NoSessions {
		return
	}
	const remedy = "add sessions to the configuration, or remove this"
	for _, id := range keysOf(b.providers) {
		if p := b.providers[id]; p.entity.bearer != nil {
			b.report(p.file.path, p.entity.bearer.at, policy.Warning, "NO_SESSIONS", "the configuration has no sessions, and so bearer tokens are refused", remedy)
		}
	}
	for _, e := range b.settings.certificates {
		if e.role.value != "" {
			b.report("bundle.yaml", e.role.at, policy.Warning, "NO_SESSIONS", "the configuration has no sessions, and so certificates that stand for roles are refused", remedy)
		}
	}
}
