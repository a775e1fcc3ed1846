package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/config"
	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// placeholderOwner stands for the account that owns a bucket where nothing says
// which one does.
const placeholderOwner = "000000000000"

// mapPlace is where requests are mapped: a door's routes, and who owns what.
type mapPlace struct {
	routes *proxy.Table
	scheme string
	// snapshot says who owns a bucket and what tags it has. It is nil if owner
	// has them all.
	snapshot    *bundle.Snapshot
	owner       string
	placeholder bool // that owner is nobody's account
	caller      string
	now         time.Time
}

// place reads what the flags name.
func (c *MapCmd) place(console *Console) (*mapPlace, error) {
	at := &mapPlace{owner: c.Owner, caller: c.Caller, scheme: c.Scheme, now: time.Now()}
	options := bundle.Options{Directory: c.Bundle, Routes: anyBundleRoutes()}
	if c.Config != "" {
		cfg, door, err := c.door(console)
		if err != nil {
			return nil, err
		}
		at.routes = proxy.NewTable(proxyRoutes(cfg, door, nil, nil))
		if at.scheme == "" {
			at.scheme = "http"
			if door.TLS != nil || door.Type != config.DoorStandalone { // another proxy has the client's connection
				at.scheme = "https"
			}
		}
		if c.Bundle == "" && c.Owner == "" {
			options = bundleOptions(cfg, zap.NewNop())
			options.NoSecrets = true // whose keys they are does not matter here
		}
	} else {
		if c.Door != "" {
			return nil, usageError("--door is one of a configuration", "name the configuration with --config")
		}
		for _, host := range c.VirtualHost {
			if !wire.ValidHost(host) {
				return nil, usageError(fmt.Sprintf("--virtual-host %q is no domain", host), "write it as s3.example.com")
			}
		}
		at.routes = c.anyRoutes()
		if at.scheme == "" {
			at.scheme = "https"
		}
	}
	if options.Directory == "" || c.Owner != "" {
		if at.placeholder = at.owner == ""; at.placeholder {
			at.owner = placeholderOwner
		}
		return at, nil
	}
	snapshot, findings := bundle.Load(options)
	if snapshot == nil {
		for _, f := range findings {
			if f.Severity == policy.Error {
				_, _ = fmt.Fprintln(console.Err, severe(f))
			}
		}
		return nil, withHint(fmt.Errorf("the bundle %s cannot be loaded", options.Directory),
			"`sallyport bundle check "+options.Directory+"` checks it; --owner takes the place of a bundle")
	}
	at.snapshot = snapshot
	return at, nil
}

// door reads the configuration and finds the door.
func (c *MapCmd) door(console *Console) (*config.Config, *config.Door, error) {
	if len(c.VirtualHost) > 0 || c.Region != "" {
		return nil, nil, usageError("with --config, virtual hosts and regions are those of the configuration", "leave out --virtual-host and --region")
	}
	text, err := os.ReadFile(c.Config)
	if err != nil {
		return nil, nil, unreadable(c.Config, err, "name the file that `sallyport serve --config` is given")
	}
	// Parse, and not Load: certificates are not needed here.
	cfg, err := config.Parse(c.Config, text, os.LookupEnv)
	if err != nil {
		return nil, nil, console.problems(err)
	}
	names := make([]string, len(cfg.Doors))
	for i := range cfg.Doors {
		names[i] = cfg.Doors[i].Name
	}
	i := slices.Index(names, c.Door)
	switch {
	case i >= 0:
	case c.Door != "":
		return nil, nil, usageError(fmt.Sprintf("%s has no door %q", c.Config, c.Door), "its doors are "+strings.Join(names, ", "))
	case len(names) > 1:
		return nil, nil, usageError(c.Config+" has several doors", "name one with --door: "+strings.Join(names, ", "))
	default:
		i = 0
	}
	return cfg, &cfg.Doors[i], nil
}

// anyRoutes are the routes without a configuration: everything that is known is
// mapped, as of Amazon S3.
func (c *MapCmd) anyRoutes() *proxy.Table {
	mapper := s3.New(s3.Options{Operations: []string{s3.AllOperations}, ForwardACLs: true, ObjectTags: true, CopyTags: s3.CopyTagsExact})
	region := c.Region
	if region == "" {
		region = "us-east-1"
	}
	of := func(service string, mapper action.Mapper) *proxy.Route {
		return &proxy.Route{Service: service, Mapper: mapper, Regions: []string{region}, Partition: "aws"}
	}
	routes := []*proxy.Route{of(config.ServiceS3, mapper), of(config.ServiceSTS, stsMapper)}
	if len(c.VirtualHost) > 0 {
		virtual := of(config.ServiceS3, mapper)
		virtual.VirtualHosts = c.VirtualHost
		routes = append(routes, virtual)
	}
	return proxy.NewTable(routes)
}

// ownerOf is the account that owns a bucket on a route.
func (at *mapPlace) ownerOf(route, bucket string) (string, bool) {
	if at.snapshot == nil {
		return at.owner, true
	}
	return at.snapshot.Owner(route, bucket)
}

// callerOf is the account of the caller: empty if the request has no credentials.
func (at *mapPlace) callerOf(anonymous bool, mapped *mappedRequest) string {
	switch {
	case at.caller != "":
		return at.caller
	case anonymous:
		mapped.note("it has no credentials: the caller is anonymous")
		return ""
	case mapped.Bucket != "":
		// Without an owner the mapper refuses, whoever asks.
		account, _ := at.ownerOf(mapped.Route, mapped.Bucket)
		return account
	case at.snapshot == nil:
		return at.owner
	}
	if accounts := at.snapshot.Accounts(); len(accounts) == 1 {
		return accounts[0]
	}
	mapped.note("the account " + placeholderOwner + " stands for the caller's: --caller says which it is")
	return placeholderOwner
}

// mapRequest does with a request what the enforcement point does before it
// decides, but for authentication.
func (at *mapPlace) mapRequest(raw *rawRequest, mapped *mappedRequest) {
	req := raw.Request
	route, bucket, refusal := at.routes.Match(req)
	if refusal != nil {
		mapped.refuse(refusal)
		return
	}
	mapped.Route = route.Name
	if _, refusal, ok := route.Preflight(req); ok {
		mapped.Operation = proxy.PreflightName
		mapped.note("the rules of the route answer it, and no policy is asked")
		mapped.refuse(refusal)
		return
	}
	place := action.Place{
		Route: route.Name, Bucket: bucket, Partition: route.Partition, Region: route.Regions[0],
		Account: route.Account, Owner: at.ownerOf, Now: at.now,
	}
	if at.snapshot != nil {
		place.Policy = at.snapshot.BucketPolicy
	}
	op, refusal := route.Mapper.Recognise(req, place)
	if refusal != nil {
		mapped.refuse(refusal)
		return
	}
	mapped.Operation, mapped.Bucket, mapped.Key = op.Name, op.Bucket, op.Key
	var anonymous bool
	switch op.Body {
	case action.BodyForm:
		req, anonymous, refusal = takeForm(req, route, place, &op)
		mapped.Key = op.Key
	case action.BodyAuthenticates:
		anonymous, refusal = mapped.readFirst(raw, &op)
	default:
		anonymous, refusal = isAnonymous(req)
	}
	if refusal != nil {
		mapped.refuse(refusal)
		return
	}
	place.Caller = at.callerOf(anonymous, mapped)
	var body []byte
	size := req.BodySize
	if op.Body == action.BodyDecides {
		if raw.bodyMissing {
			mapped.refuse(errBodyMissing())
			return
		}
		body, size = raw.content, int64(len(raw.content))
	}
	if refusal := proxy.CheckBodySize(&op, size); refusal != nil {
		mapped.refuse(refusal)
		return
	}
	amounts, refusal := route.Mapper.Map(req, &op, place, body)
	if refusal != nil {
		mapped.refuse(refusal)
		return
	}
	mapped.fill(&amounts, at)
}

func errBodyMissing() *wire.Refusal {
	return &wire.Refusal{
		Status: 400, Code: "IncompleteBody", Message: "The request body terminated unexpectedly",
		Cause: "the operation is decided from its body, which is not in the file",
	}
}

func isAnonymous(req *wire.Request) (bool, *wire.Refusal) {
	scheme, refusal := sigv4.Recognise(req)
	return scheme == sigv4.None, refusal
}

// readFirst completes an operation from the body that its caller is established by.
func (m *mappedRequest) readFirst(raw *rawRequest, op *action.Operation) (anonymous bool, refusal *wire.Refusal) {
	if raw.bodyMissing {
		return false, errBodyMissing()
	}
	credential, refusal := op.FromBody(raw.Request, op, raw.content)
	if refusal != nil {
		return false, refusal
	}
	m.Operation = op.Name
	if credential.Kind != action.NoCredential {
		m.note("the token in its body is its credential: the caller is who holds it")
		return false, nil
	}
	return isAnonymous(raw.Request)
}

// takeForm puts in the place of an upload by a form the request that it stands
// for, and of its operation that of this request.
func takeForm(req *wire.Request, route *proxy.Route, place action.Place, op *action.Operation) (sent *wire.Request, anonymous bool, refusal *wire.Refusal) {
	form, refusal := sigv4.ReadForm(req, op.Bucket)
	if refusal != nil {
		return nil, false, refusal
	}
	upload, refusal := op.FromForm(req, place, form.Bucket, form.Fields)
	if refusal != nil {
		return nil, false, refusal
	}
	name := op.Name
	*op, refusal = route.Mapper.Recognise(upload.Request, place)
	op.Name = name
	return upload.Request, !form.Signed(), refusal
}
