package sts

import (
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/wire"
)

// Namespace is that of the XML in answers and errors.
const Namespace = "https://sts.amazonaws.com/doc/2011-06-15/"

// Limits of one request.
const (
	// MaxBody is the greatest size of a form in bytes, MaxSAMLBody that of one with
	// a SAML response.
	MaxBody     = 64 << 10
	MaxSAMLBody = 160 << 10
	// MaxParameters is the greatest number of parameters: more than any operation
	// can have.
	MaxParameters = 256
)

// Options say what is served.
type Options struct {
	// SAML tells that AssumeRoleWithSAML is.
	SAML bool
}

// Mapper maps requests of STS. It is an action.Mapper, and safe for concurrent use.
type Mapper struct{ operations []operation }

// New makes a Mapper.
func New(o Options) *Mapper {
	m := &Mapper{}
	for _, op := range operations {
		if op.name == "AssumeRoleWithSAML" && !o.SAML {
			op.unserved = "This endpoint does not take SAML responses."
		}
		m.operations = append(m.operations, op)
	}
	return m
}

// Recognise tells a request of STS from others. Which operation it is follows from
// the body: FromBody of the result tells.
func (m *Mapper) Recognise(req *wire.Request, place action.Place) (action.Operation, *wire.Refusal) {
	op := action.Operation{Body: action.BodyAuthenticates, FromBody: m.fromBody}
	if place.Bucket != "" || req.Path != "/" {
		return op, invalidAction("STS is served at the path / of its host alone.")
	}
	switch req.Method {
	case "GET":
	case "POST":
		// Which operation it is, and so its limit, only the body tells.
		op.BodyLimit = MaxSAMLBody
		if refusal := checkForm(req); refusal != nil {
			return op, refusal
		}
	default:
		return op, invalidAction("STS takes GET and POST, not " + shortName(req.Method) + ".")
	}
	return op, nil
}

// fromBody is an action.FromBody.
func (m *Mapper) fromBody(req *wire.Request, op *action.Operation, body []byte) (action.Credential, *wire.Refusal) {
	sent, refusal := readParameters(req, body)
	if refusal != nil {
		return action.Credential{}, refusal
	}
	row, refusal := m.choose(sent)
	if refusal != nil {
		return action.Credential{}, refusal
	}
	if row.name != "AssumeRoleWithSAML" && len(body) > MaxBody {
		return action.Credential{}, tooLarge()
	}
	p, credential, refusal := row.read(sent)
	if refusal != nil {
		return action.Credential{}, refusal
	}
	op.Name, op.Mapper = row.name, p
	return credential, nil
}

// choose finds the operation that the parameters name.
func (m *Mapper) choose(sent wire.Query) (*operation, *wire.Refusal) {
	name, version := sent.Get("Action"), sent.Get("Version")
	switch {
	case sent.Count("Action") > 1:
		return nil, invalidParameters("The parameter Action is given more than once.")
	case sent.Count("Version") > 1:
		return nil, invalidParameters("The parameter Version is given more than once.")
	case name == "":
		return nil, refuse(400, "MissingAction", "Missing Action")
	}
	for i := range m.operations {
		op := &m.operations[i]
		if op.name != name {
			continue
		}
		switch {
		case version != apiVersion:
			return nil, noOperation(name, version)
		case op.unserved != "":
			return nil, invalidAction("The operation " + name + " is not served here. " + op.unserved)
		}
		return op, nil
	}
	return nil, noOperation(name, version)
}

const apiVersion = "2011-06-15"

// Map tells the accesses of an operation that FromBody completed.
func (m *Mapper) Map(_ *wire.Request, op *action.Operation, place action.Place, _ []byte) (action.Mapped, *wire.Refusal) {
	p, ok := op.Mapper.(*Parameters)
	if !ok {
		return action.Mapped{}, internal("a request was mapped before its body was read")
	}
	switch op.Name {
	case "AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML":
		return assume(p, &place)
	case "GetCallerIdentity", "GetSessionToken":
		// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
		return action.Mapped{Accesses: []authz.Access{{Action: "sts:" + op.Name, Resource: "*", Account: place.Caller}}, Undecided: true}, nil
	case "GetFederationToken":
		return federate(p, &place), nil
	}
	return action.Mapped{Accesses: []authz.Access{on("sts:"+op.Name, "*", &place)}}, nil
}

// assume tells what is known before the role is looked up.
func assume(p *Parameters, place *action.Place) (action.Mapped, *wire.Refusal) {
	account := accountOf(p.RoleARN)
	if place.Account != "" && account != place.Account {
		return action.Mapped{}, &wire.Refusal{
			Status: 403, Code: "AccessDenied",
			Message: "Not authorized to perform " + p.Action,
			Cause:   "the role is of the account " + account + ", and the route serves " + place.Account,
		}
	}
	return action.Mapped{
		Accesses: []authz.Access{{Action: p.Action, Resource: p.RoleARN, Account: account}},
		Assume:   &p.Assumption,
	}, nil
}

// federate tells what a token for a federated user of the caller's account needs.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_enable-create.html
func federate(p *Parameters, place *action.Place) action.Mapped {
	user := "arn:" + place.Partition + ":sts::" + place.Caller + ":federated-user/" + p.Name
	accesses := []authz.Access{on("sts:GetFederationToken", user, place)}
	if len(p.Tags) > 0 {
		accesses = append(accesses, on("sts:TagSession", user, place))
	}
	for i := range accesses {
		fillTags(&accesses[i].Keys, p.Tags)
	}
	return action.Mapped{Accesses: accesses}
}

// shortName is a name of the client's as far as it is good to repeat it.
func shortName(name string) string {
	const most = 48
	for i := 0; i < len(name); i++ {
		if name[i] <= ' ' || name[i] >= utf8.RuneSelf {
			return "(a name that is none)"
		}
	}
	switch {
	case name == "":
		return "(an empty name)"
	case len(name) > most:
		return name[:most] + "…"
	}
	return name
}
