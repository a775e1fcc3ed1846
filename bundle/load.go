package bundle

import (
	"cmp"
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// Options say where the bundle and the keys are and how they are watched.
type Options struct {
	// Directory is the bundle.
	Directory string
	// KeyFiles hold the access keys.
	KeyFiles []string
	// SessionKeyFile holds the keys of temporary credentials; empty if there are
	// none. It is watched as the bundle is, and a change of it is a new generation.
	SessionKeyFile string
	// NoSessions tells that nobody gets temporary credentials, whatever the bundle
	// says of bearer tokens and certificates.
	NoSessions bool
	// NoSecrets leaves KeyFiles and SessionKeyFile unread: they are taken to be there
	// and right, for who looks at the bundle alone.
	NoSecrets bool
	// Principals limit the access keys and MFA devices in force to those of these
	// users (ARNs) and accounts (12 digits), for a replica that serves only them;
	// empty is all.
	Principals []string
	// Routes tell what requests can amount to, so that a condition key which
	// nothing fills is found when the bundle is loaded. Without routes such keys
	// are not looked for, and a note says so.
	Routes []Route
	// Quiet is how long a plain directory must be left alone before it is
	// read; 0 means 250 ms.
	Quiet time.Duration
	// Poll is how often the files are read whether or not the file system told
	// of a change; 0 means 5 s.
	Poll time.Duration
	// Logger gets activations and failures; nil discards them.
	Logger *zap.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// OnActivation is called after each swap, by the goroutine of Run.
	OnActivation func(Status)
}

// AnyRoute is the name of a Route that stands for all there may be: names of
// routes in the bundle are not checked then, and there may be temporary credentials.
const AnyRoute = "*"

// Route is what the bundle must know of a route.
type Route struct {
	// Name is the name that rules for owners may use, or AnyRoute.
	Name string
	// Actions are all actions its requests can amount to.
	Actions []string
	// Fills tells whether a condition key (lower case) can be present for an
	// action: filled by the mapper or, from the request, by the enforcement
	// point. The keys of PrincipalKeys need not be among them.
	Fills func(action, key string) bool
	// Observe tells that the route lets pass what policies deny. A bundle that
	// has more than one account is refused then: nothing would keep one from the
	// buckets of another.
	Observe bool
}

// Load reads bundle and keys once. The snapshot is nil if any finding is an
// Error. Its generation is 1.
func Load(opts Options) (*Snapshot, []policy.Finding) {
	opts = opts.withDefaults()
	l := &loader{opts: &opts}
	s, findings := l.build(readInput(context.Background(), &opts, true))
	if s != nil {
		s.generation, s.activatedAt = 1, opts.Now()
	}
	return s, findings
}

// The defaults of Options.
const (
	defaultQuiet = 250 * time.Millisecond
	defaultPoll  = 5 * time.Second
)

func (o Options) withDefaults() Options {
	o.Quiet = cmp.Or(o.Quiet, defaultQuiet)
	o.Poll = cmp.Or(o.Poll, defaultPoll)
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
