package inprocess

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/action/sts"
	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/authz/cache"
	"github.com/sallyport-iam/sallyport/bench/fleet"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
	"github.com/sallyport-iam/sallyport/bench/signature"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/oidc"
	"github.com/sallyport-iam/sallyport/proxy"
	stsservice "github.com/sallyport-iam/sallyport/service/sts"
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/refusal"
)

// The goals of the whole check.
const (
	goalCheck            = 8000.0 // nanoseconds
	goalCheckAllocations = 10.0
)

// guardCheck is how many times as long as its floor the whole may take.
const guardCheck = 25

// point is an enforcement point without a door.
type point struct {
	enforcer *proxy.Enforcer
	door     *proxy.Door
	snapshot *bundle.Snapshot
	mapper   *s3.Mapper
	sessions *session.Sessions
	audit    *audit.Log
	closing  []func()
}

// open makes an enforcement point as the binary does, for some users. more writes
// what its directory is to hold besides; nil writes nothing.
func open(users int, more func(directory string) (bundle.Options, error)) (p *point, err error) {
	p = &point{mapper: s3.New(s3.Options{StrictKeys: true, ObjectTags: true})}
	directory, err := os.MkdirTemp("", "sallyport-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()

	if err := fleet.WriteUsers(directory, users); err != nil {
		return nil, err
	}
	var options bundle.Options
	if more != nil {
		if options, err = more(directory); err != nil {
			return nil, err
		}
	}
	options.Directory, options.KeyFiles = filepath.Join(directory, "bundle"), []string{filepath.Join(directory, "keys.yaml")}
	snapshot, findings := bundle.Load(options)
	if snapshot == nil {
		return nil, fmt.Errorf("the bundle does not load: %v", findings)
	}
	up, err := upstream.New(upstream.Options{
		Name: "store", Endpoint: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, Addressing: upstream.Path, Region: fleet.Region, Service: "s3",
		Credentials: credentials.NewStaticCredentialsProvider(fleet.StoreKey.AccessKeyID, fleet.StoreKey.SecretAccessKey, ""),
	})
	if err != nil {
		return nil, err
	}
	const decisionBytes = 64 << 20
	decisions, err := cache.New(cache.Options{MaxBytes: decisionBytes})
	if err != nil {
		return nil, err
	}
	const sessionBytes = 16 << 20
	if p.sessions, err = session.New(session.Options{MaxBytes: sessionBytes}); err != nil {
		return nil, err
	}
	tokens := oidc.New(oidc.Options{})
	p.snapshot = snapshot
	p.audit = audit.New(audit.Options{Output: io.Discard})
	p.closing = []func(){up.Close, decisions.Close, tokens.Close}
	p.door = &proxy.Door{
		Name: "door", Can: proxy.Capabilities{Body: true, RewriteBody: true, Response: true, Answer: true},
		Routes: proxy.NewTable([]*proxy.Route{{
			Name: "main", Service: "s3", Regions: []string{fleet.Region}, Partition: "aws",
			Protocol: refusal.S3, Mapper: p.mapper, Upstream: up,
		}, {
			Name: "tokens", Service: "sts", Regions: []string{fleet.Region}, Partition: "aws", Hosts: []string{stsHost},
			Protocol: refusal.Query, Mapper: sts.New(sts.Options{}), Answers: stsservice.New(p.sessions),
		}}),
	}
	p.enforcer = proxy.New(proxy.Options{
		Snapshot: func() *bundle.Snapshot { return snapshot },
		Verifier: sigv4.NewVerifier(sigv4.Options{KeyCacheEntries: 1 << 16}), // as the binary has it
		Sessions: p.sessions,
		Tokens:   tokens,
		Now:      time.Now,
		Decide:   decisions.Decide,
		Budget:   proxy.NewBudget(64 << 20),
		Audit:    p.audit,
		Metrics:  proxy.NewMetrics(prometheus.NewRegistry()),
		Logger:   zap.NewNop(),
	})
	return p, nil
}

func (p *point) close() error {
	for _, f := range p.closing {
		f()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return p.audit.Close(ctx)
}

// check checks and records a request.
func (p *point) check(req *wire.Request) *wire.Refusal {
	v := p.enforcer.Check(context.Background(), p.door, req, "0123456789abcdef")
	p.enforcer.Finish(v, http.StatusOK)
	var refusal *wire.Refusal
	if v.Refusal != nil {
		refusal = new(*v.Refusal) // which is the Verdict's
	}
	v.Release() // as Serve does
	return refusal
}

// keys knows the keys of the snapshot.
type keys struct{ snapshot *bundle.Snapshot }

// Key implements sigv4.Keys.
func (k keys) Key(id, _ string) (sigv4.Key, error) {
	c, ok := k.snapshot.Credential(id)
	if !ok {
		return sigv4.Key{}, sigv4.ErrUnknownKey
	}
	return sigv4.Key{Secret: c.Secret, Version: c.Version}, nil
}

// The names of the rows that others are made of.
const (
	checkFloor = "floor: SHA-256 and one HMAC, as for every signature"
	checkWhole = "the whole: route, recognise, verify, map, decide, record"
)

// few is how many users there are where their number does not matter.
const few = 10

func measureCheck(o measure.Options, users int, r *report.Report) (err error) {
	p, err := open(few, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	crowd, err := open(users, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, crowd.close()) }()
	everyone, err := reads(users)
	if err != nil {
		return err
	}
	for _, req := range everyone { // what is remembered of a user is remembered now
		if r := crowd.check(req); r != nil {
			return r
		}
	}
	req, turn := everyone[0], 0
	canonical, toSign, err := p.right(req)
	if err != nil {
		return err
	}
	params := sigv4.Params{Now: now, Service: "s3", Regions: []string{fleet.Region}, Keys: keys{p.snapshot}}
	at := place()
	op, _ := p.mapper.Recognise(req, at)
	stage := func(name string, do func() bool) measure.Subject {
		return measure.Subject{Name: name, Do: func(n int) {
			for range n {
				if !do() {
					panic(name + " went wrong")
				}
			}
		}}
	}
	subjects := []measure.Subject{
		{Name: checkFloor, Do: signature.Floor(canonical, toSign)},
		stage("route", func() bool { _, _, r := p.door.Routes.Match(req); return r == nil }),
		stage("recognise the operation", func() bool { _, r := p.mapper.Recognise(req, at); return r == nil }),
		stage("verify the signature", func() bool { _, r := p.enforcer.Verifier.Verify(req, params); return r == nil }),
		stage("map to accesses", func() bool { _, r := p.mapper.Map(req, &op, at, nil); return r == nil }),
		stage("check: all of these, and decide", func() bool {
			v := p.enforcer.Check(context.Background(), p.door, req, "0123456789abcdef")
			p.audit.Forgo() // nothing is recorded of it
			defer v.Release()
			return v.Refusal == nil
		}),
		stage(checkWhole, func() bool { return p.check(req) == nil }),
		stage("the whole, "+report.Count(users)+" users in turn instead of one", func() bool {
			turn = (turn + 1) % users
			return crowd.check(everyone[turn]) == nil
		}),
	}
	var cells [][]string
	series := measure.Run(subjects, o)
	for i, s := range series {
		time, over := s.Time(), "–"
		var goals []report.Goal
		if i > 0 {
			ratio := s.Over(series[0])
			over = report.Ratio(ratio.Median) + " ±" + report.Percent(ratio.Spread)
		}
		if s.Name == checkWhole {
			r.Guards = append(r.Guards, report.Guard{What: checkWhole + ", over the floor", Ratio: s.Over(series[0]).Median, Most: guardCheck})
			goals = []report.Goal{
				{What: "the whole check in process", Measured: time, Unit: report.Duration, Bound: goalCheck},
				{What: "allocations of the whole check", Measured: measure.Summary{Median: s.Allocations}, Unit: report.Allocations, Bound: goalCheckAllocations},
			}
		}
		r.Goals = append(r.Goals, goals...)
		cells = append(cells, []string{
			s.Name, report.Duration(time.Median) + " ±" + report.Percent(time.Spread), over, fmt.Sprintf("%.0f", s.Allocations), report.Cell(goals...),
		})
	}
	r.Text += "### The whole check of a GetObject, in process\n\n" +
		report.Table([]string{"stage", "time", "over the floor", "allocations", "goal"}, cells) + "\n"
	r.Text += crowded(series[len(series)-1].Over(series[len(series)-2]), users)
	if dropped := p.audit.Dropped(); dropped > 0 {
		r.Text += fmt.Sprintf("* %s of the records were lost, for they came faster than another processor could take them.\n\n",
			report.Percent(float64(dropped)/float64(dropped+p.audit.Written())))
	}
	return nil
}

// crowded compares many users with one.
func crowded(over measure.Summary, users int) string {
	return fmt.Sprintf("* %s users in turn over one: %s ±%s. Nothing is searched for longer, but what belongs to a user is no more in the caches of the processor when its turn comes.\n\n", report.Count(users),
		report.Ratio(over.Median), report.Percent(over.Spread))
}

// reads are reads of one object of each user.
func reads(users int) ([]*wire.Request, error) {
	list := make([]*wire.Request, users)
	for i := range list {
		var err error
		list[i], err = signedBy(i, fleet.Request{Method: http.MethodGet, Path: fleet.Home(i) + "2026/07/01/part-00017.parquet", Hash: fleet.EmptyHash})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// right checks that the point lets pass what it must and nothing else. It tells
// what a verifier has to hash: the lengths of the canonical request and of the
// string to sign.
func (p *point) right(req *wire.Request) (canonical, toSign int, err error) {
	if r := p.check(req); r != nil {
		return 0, 0, fmt.Errorf("what is allowed is refused: %w", r)
	}
	changed := *req
	changed.Path += "x"
	r := p.check(&changed)
	if r == nil || r.Code != "SignatureDoesNotMatch" {
		return 0, 0, errors.New("a signature of another path is taken")
	}
	for _, e := range r.Detail {
		switch e.Name {
		case "CanonicalRequest":
			canonical = len(e.Value)
		case "StringToSign":
			toSign = len(e.Value)
		}
	}
	other, err := signed(fleet.Request{Method: http.MethodGet, Path: strings.Replace(req.Path, "/u0/", "/u1/", 1), Hash: fleet.EmptyHash})
	if err != nil {
		return 0, 0, err
	}
	if r := p.check(other); r == nil || r.Code != "AccessDenied" {
		return 0, 0, errors.New("what no policy allows passes")
	}
	return canonical, toSign, nil
}
