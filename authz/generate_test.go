package authz_test

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// generator makes documents and requests of a string of bytes. When that is
// used up it makes the first of everything. Documents are made as structures,
// so that they also hold what the parser would reject.
type generator struct {
	data      []byte
	documents int
	// unread are the families that were said to be unread, and where.
	unread []unreadFamily
}

type unreadFamily struct {
	keys   *authz.Context
	family string
}

// n is a number below limit.
func (g *generator) n(limit int) int {
	if len(g.data) == 0 {
		return 0
	}
	v := int(g.data[0])
	g.data = g.data[1:]
	return v % limit
}

func (g *generator) one(list []string) string { return list[g.n(len(list))] }

// join puts up to most of the pieces one behind the other.
func (g *generator) join(most int, pieces []string) string {
	var b strings.Builder
	for range g.n(most + 1) {
		b.WriteString(g.one(pieces))
	}
	return b.String()
}

const (
	accountA = "111111111111"
	accountB = "222222222222"
)

var (
	actionPatterns = []string{
		"s3:GetObject", "*", "S3:getobject", "s3:Get*", "s3:*", "s3:Get?bject", "s3:*Object", "iam:ListUsers", "s3:PutObject",
		"s3:", "*:GetObject", "s?:GetObject", "s3:Get Object", "", "**", "GetObject", "s3:*t*e*", "s3:Gét?",
	}
	actions = []string{"s3:GetObject", "s3:getobject", "iam:ListUsers", "s3:PutObject", "s3:Géta", "GetObject", "", "s3:", "S3:GETOBJECT",
		"verylongservicename:AVeryLongActionNameThatDoesNotFitIntoTheBufferOfTheIndexAtAll"}

	resourcePatterns = []string{
		"arn:aws:s3:::bkt/*", "*", "arn:aws:s3:::bkt", "arn:aws:s3:::bkt/${aws:username}/*", "arn:aws:s3:::*", "arn:aws:s3", "arn:*", "arn:aws:s3*",
		"arn:aws:s3:::bkt/a?b", "arn:aws:*:k", "arn:a*s:s3:::k", "arn:*:*:*:*:*", "arn:?ws:s3:::*k", "bkt", "", "**",
		"arn:aws:s3:${aws:username}::k", "arn:aws:s3:::${aws:PrincipalTag/Team, 'a'}",
	}
	resourcePieces = []string{
		":", "*", "a", "b", "/", "?", "arn:", "aws", "**", "é", "*:", "k", "${aws:username}", "${*}", "${?}", "${$}", "${aws:TagKeys}",
		"${aws:missing, 'a:b'}", "${aws:missing}", "${AWS:PrincipalTag/team, ''}", "${", "}", "$", "{", "${}", "${a b}", "${a,'b'}", "${a, 'b}", "${a, 'b'", "世",
	}
	arnPatterns = []string{
		"arn:aws:s3:::*", "${aws:SourceArn}", "${aws:username}:*", "arn:aws:s3::${aws:username}:*", "arn:*:${aws:username}*", "arn:aws:s3:${aws:username}::k",
		"${aws:username}${aws:username}?", "arn:${*}:*:*:*:*", "*:*:*:*:*:*", "arn:aws:s3", "*",
	}
	resources      = []string{"arn:aws:s3:::bkt/k", "arn:aws:s3:::bkt", "*", "arn:aws:s3:::bkt/alice/k", "arn:aws:s3:::bkt/aéb", "arn:aws:sqs:us-east-1:111111111111:q", ""}
	textPieces     = []string{":", "a", "b", "/", "arn:", "aws", "é", "k", "*", "?", "alice", "A", "世", "\xff", "\xc3", "${", "aa", "ab", "s3", "E"}
	variables      = []string{"${aws:CurrentTime}", "${aws:EpochTime}", "${aws:username, 'alice'}", "${aws:PrincipalTag/Team, 'a'}"}
	keys           = []string{"aws:username", "AWS:UserName", "aws:TagKeys", "aws:PrincipalTag/Team", "aws:principaltag/team", "aws:CurrentTime", "aws:EpochTime", "s3:max-keys", "aws:SourceIp", "aws:SourceArn", "svc:list", "svc:blob", "aws:SecureTransport", "issuer.example.com:amr", "aws:missing", "aws:MultiFactorAuthAge", "s3:signatureAge"}
	numberPieces   = []string{"1", "0", "9", ".", "-", "+", "10", "e", "00", "5", "1714566600"}
	datePieces     = []string{"2024", "-", "05", "01", "T", "12", ":", "30", "00", "Z", "+", "00", ".5", "1714566600", "31", "24", "2024-05-01T12:30:00", "2024-05-01", "2024-05-01T12:30:00Z", "2024-05-01T14:30:00+02:00"}
	addressPieces  = []string{"203.0.113.7", "203.0.113.0/24", "2001:db8::/32", "2001:db8::1", "203.0.113.", "7", "/", "24", "::", "ffff:", "2001:db8:", "1", "0", "32", "10.0.0.0/8", "::/0", ":", "96", "%eth0", "128"}
	binaryPieces   = []string{"QmFz", "YQ==", "YWI=", "Q", "=", "YR==", "\n", "AAAA"}
	booleans       = []string{"true", "false", "True", "FALSE", "1", "", "falſe"}
	families       = []string{"aws:PrincipalTag/", "aws:username", "svc:", "aws:", "s3:max-keys", "aws:TagKeys", "issuer.example.com:", "aws:source"}
	services       = []string{"sns.amazonaws.com", "s3.amazonaws.com"}
	providers      = []string{"arn:aws:iam::111111111111:oidc-provider/token.example.com", "accounts.google.com"}
	canonicalUsers = []string{"c0ffee", ""}
	principals     = []string{
		"*", accountA, "arn:aws:iam::111111111111:root", "arn:aws:iam::111111111111:user/alice", "AIDAALICE", "arn:aws:iam::111111111111:role/svc/app", "AROAAPP",
		"arn:aws:sts::111111111111:assumed-role/app/s1", "arn:aws:sts::111111111111:federated-user/bob", accountB, "arn:aws:iam::222222222222:user/carol", "",
	}
	instants = []time.Time{{}, time.Unix(1714566600, 0), time.Unix(1714566600, 500_000_000), time.Unix(0, 0), time.Unix(-1, 5)}
)

func (g *generator) document(kind policy.Kind) *policy.Document {
	g.documents++
	d := &policy.Document{Kind: kind, Name: strconv.Itoa(g.documents), Version: g.one([]string{policy.Version2012, policy.Version2012, policy.Version2008, ""})}
	for i := range 1 + g.n(4) {
		d.Statements = append(d.Statements, g.statement(kind, i))
	}
	if g.n(4) == 1 { // large documents are searched in another way
		for i := range 8 {
			d.Statements = append(d.Statements, policy.Statement{
				Index: len(d.Statements), Effect: policy.Effect(i % 2), Actions: []policy.Value{{Text: "svc:Nothing"}}, Resources: []policy.Value{{Text: "*"}},
			})
		}
	}
	return d
}

func (g *generator) statement(kind policy.Kind, index int) policy.Statement {
	s := policy.Statement{Index: index, Position: policy.Position{Line: index + 1, Column: 1}, Effect: policy.Effect(g.n(2))}
	if kind.HasPrincipals() {
		if g.n(5) == 1 {
			s.NotPrincipals = g.principals()
		} else {
			s.Principals = g.principals()
		}
	}
	if g.n(4) == 1 {
		s.NotActions = g.values(func() string { return g.one(actionPatterns) })
	} else {
		s.Actions = g.values(func() string { return g.one(actionPatterns) })
	}
	switch g.n(6) {
	case 1:
		s.NotResources = g.values(g.resource)
	case 2:
	default:
		s.Resources = g.values(g.resource)
	}
	for range g.n(3) {
		s.Conditions = append(s.Conditions, g.condition())
	}
	return s
}

func (g *generator) principals() []policy.Principal {
	list := []policy.Principal{}
	for range g.n(4) {
		p := policy.Principal{Type: policy.AWS, Value: g.one(principals)}
		switch g.n(6) {
		case 1:
			p = policy.Principal{Type: policy.Service, Value: g.one(services)}
		case 2:
			p = policy.Principal{Type: policy.Federated, Value: g.one(providers)}
		case 3:
			p = policy.Principal{Type: policy.CanonicalUser, Value: g.one(canonicalUsers)}
		}
		list = append(list, p)
	}
	return list
}

// values are a list that is never nil, mostly of one.
func (g *generator) values(value func() string) []policy.Value {
	list := []policy.Value{}
	for range [...]int{1, 1, 1, 0, 2, 3, 10}[g.n(7)] {
		list = append(list, policy.Value{Text: value()})
	}
	return list
}

func (g *generator) condition() policy.Condition {
	op := policy.Operator{Test: policy.Test(g.n(int(policy.Null) + 1)), Set: policy.Set(g.n(3)), IfExists: g.n(3) == 1}
	if op.Test == policy.Null {
		op.IfExists = false
	}
	key := g.one(keys)
	if natural := naturalKey(op.Test); natural != "" && g.n(4) > 0 {
		key = natural
	}
	return policy.Condition{
		Operator: op,
		Key:      key,
		Values:   g.values(func() string { return g.policyValue(op.Test) }),
	}
}

// naturalKey is a key whose values a test reads.
func naturalKey(t policy.Test) string {
	switch {
	case t.HasVariables() && t >= policy.ArnEquals:
		return "aws:SourceArn"
	case t.HasVariables() || t == policy.Null:
		return ""
	case t <= policy.NumericGreaterThanEquals:
		return "s3:max-keys"
	case t <= policy.DateGreaterThanEquals:
		return "aws:CurrentTime"
	case t == policy.BinaryEquals:
		return "svc:blob"
	case t == policy.Bool:
		return "aws:SecureTransport"
	default:
		return "aws:SourceIp"
	}
}

// naturalTest is a test that reads the values of a key.
func naturalTest(key string) policy.Test {
	for t := policy.NumericEquals; t <= policy.ArnEquals; t++ {
		if strings.EqualFold(naturalKey(t), key) {
			return t
		}
	}
	return policy.StringEquals
}

// policyValue is a value that a test can read, mostly.
func (g *generator) policyValue(t policy.Test) string {
	if t.HasVariables() {
		switch {
		case t >= policy.ArnEquals && g.n(2) == 0:
			return g.one(arnPatterns)
		case t >= policy.ArnEquals:
			return "arn:" + g.join(10, resourcePieces)
		case g.n(8) == 1:
			return g.one(variables)
		case g.n(8) == 1:
			return "*" + g.join(20, slices.Concat(longPieces, longWildcards)) + "*"
		default:
			return g.join(4, append(textPieces[:13:13], resourcePieces...))
		}
	}
	return g.typedValue(t)
}

func (g *generator) typedValue(t policy.Test) string {
	switch {
	case t <= policy.NumericGreaterThanEquals:
		return g.join(4, numberPieces)
	case t <= policy.DateGreaterThanEquals:
		return g.join(12, datePieces)
	case t == policy.BinaryEquals:
		return g.join(3, binaryPieces)
	case t == policy.IPAddress || t == policy.NotIPAddress:
		return g.join(5, addressPieces)
	default:
		return g.one(booleans)
	}
}

// requestValue is a value for a key, of its type mostly.
func (g *generator) requestValue(key string) string {
	t := naturalTest(key)
	switch {
	case g.n(4) == 1:
		return g.join(5, textPieces)
	case t == policy.StringEquals && g.n(8) == 1:
		return g.join(30, longPieces)
	case t == policy.ArnEquals && g.n(2) == 0:
		return "arn:aws:s3::" + g.join(6, textPieces)
	case strings.HasSuffix(key, "age"):
		return g.typedValue(policy.NumericEquals)
	case t.HasVariables():
		return g.one([]string{"alice", "a", "x:y", "arn:aws:s3:::k", "arn:aws:s3", "", "*"})
	default:
		return g.typedValue(t)
	}
}

func (g *generator) context(c *authz.Context) {
	for range g.n(6) {
		key := strings.ToLower(g.one(keys))
		switch g.n(4) {
		case 1:
			list := []string{}
			for range g.n(4) {
				list = append(list, g.requestValue(key))
			}
			c.SetList(key, list)
		case 2:
			c.SetTag("aws:principaltag", "team", g.requestValue(key))
		default:
			c.Set(key, g.requestValue(key))
		}
	}
	for range [...]int{0, 0, 0, 1, 2}[g.n(5)] {
		family := g.one(families)
		c.SetUnread(family)
		g.unread = append(g.unread, unreadFamily{c, strings.ToLower(family)})
	}
}

// read fills in what was unread: some keys of each family, and not others.
func (g *generator) read() {
	for _, u := range g.unread {
		u.keys.SetRead(u.family)
		for _, key := range keys {
			key = strings.ToLower(key)
			if _, ok := u.keys.Lookup(key); ok || !strings.HasPrefix(key, u.family) || g.n(3) == 0 {
				continue
			}
			if g.n(3) == 0 {
				u.keys.SetList(key, []string{g.requestValue(key), g.requestValue(key)})
			} else {
				u.keys.Set(key, g.requestValue(key))
			}
		}
	}
}

// policies are documents of a kind; nil, mostly.
func (g *generator) policies(kind policy.Kind) *authz.Policies {
	n := [...]int{0, 1, 0, 2, 3, 6}[g.n(6)]
	if n == 0 {
		return nil
	}
	var docs []*authz.Document
	for range n {
		docs = append(docs, authz.Compile(g.document(kind)))
	}
	return authz.NewPolicies(docs...)
}

func (g *generator) levels(kind policy.Kind) []*authz.Policies {
	var list []*authz.Policies
	for range [...]int{0, 0, 0, 1, 2}[g.n(5)] {
		list = append(list, g.policies(kind))
	}
	return list
}

// caller is anybody, with policies if it can have them and is to.
func (g *generator) caller(policies bool) *authz.Caller {
	c := &authz.Caller{Type: authz.PrincipalType(g.n(int(authz.Service) + 1)), Account: g.one([]string{accountA, accountA, accountB, ""})}
	switch c.Type {
	case authz.Root:
		c.ARN = "arn:aws:iam::" + c.Account + ":root"
	case authz.User:
		c.ARN, c.ID = "arn:aws:iam::"+c.Account+":user/"+g.one([]string{"alice", "carol"}), "AIDAALICE"
	case authz.AssumedRole:
		c.ARN = "arn:aws:sts::" + c.Account + ":assumed-role/app/" + g.one([]string{"s1", "s2"})
		c.ParentARN, c.ParentID = "arn:aws:iam::"+c.Account+":role/svc/app", "AROAAPP"
		c.ID = g.one([]string{"", "AROAAPP"})
	case authz.FederatedUser:
		c.ARN = "arn:aws:sts::" + c.Account + ":federated-user/bob"
		c.ParentARN, c.ParentID = "arn:aws:iam::"+c.Account+":user/alice", "AIDAALICE"
	case authz.WebIdentity, authz.SAML:
		c.Provider = g.one(providers)
	case authz.Service:
		c.Provider = g.one(services)
	}
	c.CanonicalID = g.one(canonicalUsers)
	g.context(&c.Keys)
	if !policies {
		return c
	}
	c.Identity = g.policies(policy.Identity)
	c.Boundary = g.policies(policy.Boundary)
	c.Session = g.policies(policy.Session)
	c.SCP = g.levels(policy.SCP)
	return c
}

// question makes a decision to take. Three of four are about one kind of
// element alone: if all must match at once, hardly anything is ever allowed.
func (g *generator) question() (*authz.Caller, *authz.Request, *authz.Access) {
	c, r, a := &authz.Caller{}, &authz.Request{Now: instants[g.n(len(instants))]}, &authz.Access{}
	a.Action, a.Resource, a.Account = "s3:GetObject", "arn:aws:s3:::bkt/k", accountA
	focus := g.n(4)
	if focus == 0 {
		return g.everything(r, a)
	}
	*c = authz.Caller{Type: authz.User, Account: accountA, ARN: "arn:aws:iam::111111111111:user/alice", ID: "AIDAALICE"}
	doc := &policy.Document{Name: "policy", Version: g.one([]string{policy.Version2012, policy.Version2012, ""})}
	every := []policy.Value{{Text: "*"}}
	for i := range 1 + g.n(2) {
		s := policy.Statement{Index: i, Effect: policy.Effect(1 - i), Actions: every, Resources: every}
		switch focus {
		case 1:
			for range 1 + g.n(2) {
				s.Conditions = append(s.Conditions, g.condition())
			}
		case 2:
			s.Resources = []policy.Value{{Text: g.resource()}}
			if g.n(4) == 1 {
				s.Resources, s.NotResources = nil, s.Resources
			}
		case 3:
			doc.Kind = policy.Resource
			s.Principals = g.principals()
			if s.Effect == policy.Deny {
				s.Principals, s.NotPrincipals = nil, s.Principals
			}
		}
		doc.Statements = append(doc.Statements, s)
	}
	policies := authz.NewPolicies(authz.Compile(doc))
	c.Identity = policies
	if focus == 3 {
		c = g.caller(false)
		a.Policy = policies
	}
	if focus == 2 {
		a.Resource = g.requestResource()
	}
	g.context(&r.Keys)
	g.context(&a.Keys)
	return c, r, a
}

// everything makes a question in which anything can play a part.
func (g *generator) everything(r *authz.Request, a *authz.Access) (*authz.Caller, *authz.Request, *authz.Access) {
	a.Action = g.one(actions)
	a.Resource = g.requestResource()
	a.Account = g.one([]string{accountA, accountA, accountB, ""})
	a.Kind = authz.ResourceKind(g.n(3))
	c := g.caller(true)
	r.Endpoint = g.policies(policy.Endpoint)
	kind := policy.Resource
	if a.Kind == authz.RoleTrust {
		kind = policy.Trust
	}
	a.Policy = g.policies(kind)
	a.RCP = g.levels(policy.RCP)
	g.context(&r.Keys)
	g.context(&a.Keys)
	return c, r, a
}

// longPieces are of texts and patterns in which much repeats itself.
var (
	longPieces    = []string{"ab", "a", "aaaaaaaa", "b", "abababababababababababababababababababab", ":", "é", "aab"}
	longWildcards = []string{"*", "?", "a?", "*ab", "??", "${aws:username}", "*b*", "****"}
)

func (g *generator) requestResource() string {
	switch g.n(6) {
	case 0, 1, 2:
		return g.one(resources)
	case 3:
		return "arn:aws:s3:::" + g.join(30, longPieces)
	default:
		return "arn:" + g.join(8, textPieces)
	}
}

func (g *generator) resource() string {
	switch g.n(6) {
	case 0, 1, 2:
		return g.one(resourcePatterns)
	case 3:
		return g.one([]string{"arn:aws:s3:::*", "arn:*:*:*:*:", "arn:aws:*a*:*:*:"}) + g.join(20, slices.Concat(longPieces, longWildcards)) + "*"
	default:
		return "arn:" + g.join(10, resourcePieces)
	}
}
