package bundle

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

type parsedEntity struct {
	entity   *entity
	findings []policy.Finding
}

type parsedSettings struct {
	settings *settings
	findings []policy.Finding
}

// document is a policy document of the bundle.
type document struct {
	file string
	kind policy.Kind
	// compiled is nil if the document has errors. What it was parsed to is there until
	// the build ends, and of a trust policy longer: each build looks into that.
	compiled *authz.Document
	// size and statements are those of what was parsed, shape what is judged of it.
	size, statements int
	shape            shape
	// text is that of a bucket's policy, public what can be told of that.
	text     string
	public   bool
	findings []policy.Finding
}

// release lets go of what no further build is likely to look into.
func (d *document) release() {
	if d.compiled != nil && d.kind != policy.Trust {
		d.compiled.Release()
	}
}

// principal is a user, group or role, or a managed policy, as the files have it.
type principal struct {
	place
	file   string
	entity *entity
	inline []*document
	trust  *document
	// documents are the inline and managed policies of an entity, once it is linked,
	// or the managed policy itself.
	documents []*document
	linked    bool
	// user is a user as requests find it, once it is linked; keys and devices count
	// what it has.
	user          *User
	keys, devices int
}

func (p *principal) arn() string {
	return "arn:aws:iam::" + p.account + ":" + p.class.singular + p.entity.path + p.name
}

// builder makes one snapshot.
type builder struct {
	*loader
	in       *input
	findings []policy.Finding
	settings *settings

	documents []*document
	// principals are found by identity, and ordered by their files once all files
	// are read.
	principals map[identity]*principal
	ordered    []*principal
	// managed are the managed policies by ARN.
	managed map[string]*principal
	buckets map[string]*bucket
	// providers are found by account and name, without regard to case.
	providers map[string]*providerSource
	// saml are the SAML providers, found as those are.
	saml map[string]*samlSource
	// declared are the ARNs of all providers that accounts have files for, right or
	// wrong.
	declared map[declaration]protocol
	// routes remembers routesTo.
	routes map[asked][]Route
	pace   *pace
	// unread tells that a file was not read of which nothing is remembered.
	unread bool
	// suggested counts the names looked for that no entity has: past a bound,
	// the nearest one is not looked for.
	suggested int
}

// identity is what must be unique: the name without regard to case.
type identity struct {
	class         *class
	account, name string // in lower case
}

func identify(c *class, account, name string) identity {
	return identity{c, account, strings.ToLower(name)}
}

// errUnread is the error of a reading that lacks a text.
var errUnread = errors.New("bundle: a text was not read that is needed")

// build makes a snapshot of a reading with all texts; nil if a finding is an error.
func (l *loader) build(in *input) (*Snapshot, []policy.Finding) {
	s, findings, _ := l.buildPaced(in)
	return s, findings
}

// buildPaced makes a snapshot of a reading; nil if a finding is an error. An error
// tells that a text is lacking, or that the work was to end.
func (l *loader) buildPaced(in *input) (*Snapshot, []policy.Finding, error) {
	b := &builder{
		loader: l, in: in, pace: in.pace,
		settings:   &settings{},
		principals: make(map[identity]*principal, len(l.made.users.last)+len(l.made.roles.last)),
		managed:    map[string]*principal{},
		buckets:    map[string]*bucket{},
		providers:  map[string]*providerSource{},
		saml:       map[string]*samlSource{},
	}
	if in.err != nil {
		b.findings = append(b.findings, in.unreadable(l.opts.Directory))
		return nil, b.sorted(), nil //nolint:nilerr // it is among the findings
	}
	b.findings = append(b.findings, in.tree.findings...)
	b.readFiles()
	if b.unread {
		l.made.files.now = nil // what was made without the text
		return nil, nil, errUnread
	}
	if err := b.pace.err(); err != nil {
		return nil, nil, err
	}
	b.declared = b.declarations()
	b.checkAccounts()
	b.checkIDs()
	b.checkBuckets()
	s := b.link()
	if err := b.pace.err(); err != nil {
		return nil, nil, err
	}
	s.providers = b.linkProviders(s)
	s.saml = b.linkSAML(s)
	s.certificates = b.linkCertificates(s)
	b.checkTrust(s)
	b.checkNoSessions()
	s.sessionKeys = b.readSessionKeys()
	s.credentials = b.credentials(s)
	b.checkConditions()
	b.checkObserved()
	if err := b.pace.err(); err != nil {
		return nil, nil, err
	}
	for _, d := range b.documents {
		d.release()
	}
	l.made.turn()
	findings := b.sorted()
	if policy.HasErrors(findings) {
		return nil, findings, nil
	}
	return s, findings, nil
}

// sorted puts findings in the order of files and lines.
func (b *builder) sorted() []policy.Finding {
	slices.SortStableFunc(b.findings, func(x, y policy.Finding) int {
		return cmp.Or(strings.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
	})
	return b.findings
}

func (b *builder) report(file string, at policy.Position, severity policy.Severity, code, message, remedy string) {
	b.findings = append(b.findings, finding(file, at, severity, code, message, remedy))
}

func finding(file string, at policy.Position, severity policy.Severity, code, message, remedy string) policy.Finding {
	return policy.Finding{
		File: file, Line: max(at.Line, 1), Column: max(at.Column, 1), Severity: severity, Code: code, Message: message, Remedy: remedy,
	}
}

func (b *builder) error(file string, at policy.Position, code, message, remedy string) {
	b.report(file, at, policy.Error, code, message, remedy)
}

// readFiles parses every file of the tree: YAML first, since the name of a
// policy document may depend on it.
func (b *builder) readFiles() {
	places := make([]place, len(b.in.tree.files))
	wrong := map[string]bool{}
	found := false
	for i := range b.in.tree.files {
		if b.pace.step() != nil {
			return
		}
		f := &b.in.tree.files[i]
		p, bad := locate(f.path)
		places[i] = p
		switch {
		case bad != nil:
			places[i].class = nil
			places[i].kind = noFile
			if !wrong[bad.subject] {
				wrong[bad.subject] = true
				b.findings = append(b.findings, bad.finding())
			}
		case p.kind == settingsFile:
			found = true
			known := remember(b, f, "", func() *parsedSettings {
				s, findings := parseSettings(f.path, f.text)
				return &parsedSettings{s, findings}
			})
			b.settings = known.settings
			b.findings = append(b.findings, known.findings...)
		case p.kind == entityFile:
			b.readEntity(f, p)
		case p.kind == bucketTags:
			b.readBucketTags(f, p)
		case p.kind == providerFile:
			b.readProvider(f, p)
		case p.kind == samlFile:
			b.readSAML(f, p)
		}
	}
	if !found {
		b.error("bundle.yaml", policy.Position{}, "MISSING_FILE", "the bundle has no bundle.yaml", "write one that names the accounts and the owners of buckets")
	}
	for i := range b.in.tree.files {
		if b.pace.step() != nil {
			return
		}
		b.readDocument(&b.in.tree.files[i], places[i])
	}
	slices.SortFunc(b.ordered, func(x, y *principal) int { return strings.Compare(x.file, y.file) })
	b.checkComplete()
}

func (b *builder) readEntity(f *file, p place) {
	known := remember(b, f, "", func() *parsedEntity {
		e, findings := parseEntity(p, f.path, f.text)
		return &parsedEntity{e, findings}
	})
	b.findings = append(b.findings, known.findings...)
	b.add(&principal{place: p, file: f.path, entity: known.entity})
}

// add keeps an entity unless another has its name.
func (b *builder) add(p *principal) {
	id := identify(p.class, p.account, p.name)
	if other := b.principals[id]; other != nil {
		b.error(p.file, policy.Position{}, "DUPLICATE_NAME",
			fmt.Sprintf("the %s %q has the name of %s: names are compared without case", p.class.singular, p.name, other.file), "rename one of them")
		return
	}
	b.principals[id] = p
	b.ordered = append(b.ordered, p)
}

// parse reads a policy document and compiles it.
func (b *builder) parse(f *file, as policy.Kind, name string) *document {
	d := remember(b, f, name, func() *document {
		text := string(f.text)
		d := &document{file: f.path, kind: as}
		if d.compiled, d.findings = authz.Parse(as, name, f.path, text); d.compiled != nil {
			doc := d.compiled.Source()
			d.size, d.statements = doc.Size, len(doc.Statements)
			d.public = as == policy.Bucket && doc.IsPublic()
			if len(b.opts.Routes) > 0 {
				d.shape = shapeOf(doc)
			}
		}
		if as == policy.Bucket {
			d.text = text
		}
		return d
	})
	b.documents = append(b.documents, d)
	b.findings = append(b.findings, d.findings...)
	return d
}

func (b *builder) readDocument(f *file, p place) {
	switch p.kind {
	case managedFile:
		b.readManaged(f, p)
	case inlineFile:
		if owner := b.owner(f, p); owner != nil {
			owner.inline = append(owner.inline, b.parse(f, policy.Identity, p.policy))
		}
	case trustFile:
		p.class = roles
		if role := b.owner(f, p); role != nil {
			role.trust = b.parse(f, policy.Trust, role.arn())
		}
	case keySetFile:
		b.readKeySet(f, p)
	case bucketFile:
		d := b.parse(f, policy.Bucket, "arn:aws:s3:::"+p.name)
		if bucket := b.bucket(f, p); bucket != nil {
			bucket.document = d
		}
	}
}

// owner is the entity whose inline or trust policy a file is.
func (b *builder) owner(f *file, p place) *principal {
	owner := b.principals[identify(p.class, p.account, p.name)]
	if owner != nil && owner.name == p.name {
		return owner
	}
	remedy := fmt.Sprintf("add accounts/%s/%s/%s.yaml, or remove the policy", p.account, p.class.directory, p.name)
	if owner != nil {
		remedy = fmt.Sprintf("spell it as %s does", owner.file)
	}
	b.error(f.path, policy.Position{}, "UNKNOWN_"+strings.ToUpper(p.class.singular),
		fmt.Sprintf("there is no %s %q in account %s", p.class.singular, p.name, p.account), remedy)
	as := policy.Identity
	if p.kind == trustFile {
		as = policy.Trust
	}
	b.parse(f, as, p.policy)
	return nil
}

// readManaged reads the document of a managed policy, whose YAML may be missing.
func (b *builder) readManaged(f *file, p place) {
	id := identify(policies, p.account, p.name)
	managed := b.principals[id]
	if managed == nil || managed.name != p.name || len(managed.documents) > 0 {
		p.class = policies
		managed = &principal{place: p, file: f.path, entity: &entity{path: "/"}}
		b.add(managed)
	}
	d := b.parse(f, policy.Identity, managed.arn())
	managed.documents = []*document{d}
	b.managed[managed.arn()] = managed
	if d.size > policy.MaxManagedSize && p.account != awsAccount {
		b.error(f.path, policy.Position{}, "POLICY_SIZE_EXCEEDS_QUOTA",
			fmt.Sprintf("a managed policy of %d characters without white space is larger than AWS's limit of %d", d.size, policy.MaxManagedSize), "split it")
	}
}

// checkComplete looks for entities that lack a file.
func (b *builder) checkComplete() {
	for _, p := range b.ordered {
		_ = b.pace.step()
		switch {
		case p.class == policies && len(p.documents) == 0:
			b.error(p.file, policy.Position{}, "MISSING_FILE", fmt.Sprintf("the policy %q has no document", p.name), "add policies/"+p.name+".json, or remove this file")
		case p.class == roles && p.trust == nil:
			b.error(p.file, policy.Position{}, "MISSING_FILE", fmt.Sprintf("the role %q has no trust policy", p.name), "add roles/"+p.name+".trust.json, which says who may assume it")
		}
		size := 0
		for _, d := range p.inline {
			size += d.size
		}
		if p.class.inline > 0 && size > p.class.inline {
			b.error(p.file, policy.Position{}, "POLICY_SIZE_EXCEEDS_QUOTA",
				fmt.Sprintf("the inline policies of a %s together are %d characters without white space, and AWS's limit is %d", p.class.singular, size, p.class.inline),
				"make managed policies of them")
		}
	}
}

func keysOf[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
