package main

import (
	"fmt"
	"strings"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// question is an inquiry made ready to be decided.
type question struct {
	caller   authz.Caller
	request  authz.Request
	access   authz.Access
	attached []attachedDocument
}

// attachedDocument is a document in the place where the line puts it.
type attachedDocument struct {
	layer    authz.Layer
	document *simulatedDocument
}

// question checks the values of a line and compiles its documents. The question
// is of use only if there are no problems.
func (q *inquiry) question(documents *documentCache) (*question, problems) {
	var c checker
	out := &question{}
	out.request.Keys = q.keys
	if !q.hasPrincipal {
		c.missing("principal")
	} else {
		c.principal(&q.principal, &out.caller)
		q.identify(&out.caller)
	}
	c.action(q.action)
	if !q.hasTarget {
		c.missing("resource")
	} else {
		c.resource(q.resource)
		c.account("resource.account", q.account)
	}
	out.access.Action, out.access.Resource, out.access.Account = q.action, q.resource, q.account
	kind := kindsOf(&out.access)
	q.attach(out, kind, documents, &c)
	return out, c.problems
}

// identify takes the unique id of the principal from aws:userid, by which a
// Principal element may name it.
func (q *inquiry) identify(caller *authz.Caller) {
	v, _ := q.keys.Lookup("aws:userid")
	id, _ := v.Single()
	switch caller.Type {
	case authz.User:
		caller.ID = id
	case authz.AssumedRole:
		caller.ParentID, _, _ = strings.Cut(id, ":")
	}
}

// kindsOf says what kind of resource an access is to, and which kind of policy
// such a resource has.
func kindsOf(a *authz.Access) policy.Kind {
	f, _ := splitARN(a.Resource)
	switch action := strings.ToLower(a.Action); {
	case strings.HasPrefix(action, "sts:assumerole"),
		f[2] == "iam" && strings.HasPrefix(f[5], "role/") && (action == "sts:tagsession" || action == "sts:setsourceidentity" || action == "sts:setcontext"):
		a.Kind = authz.RoleTrust
		return policy.Trust
	case f[2] == "kms" && strings.HasPrefix(f[5], "key/"):
		a.Kind = authz.KMSKey
	case f[2] == "s3":
		return policy.Bucket
	}
	return policy.Resource
}

// documentKinds are the kinds of the documents of a layer but the resource's.
var documentKinds = map[authz.Layer]policy.Kind{
	authz.LayerIdentity: policy.Identity,
	authz.LayerBoundary: policy.Boundary,
	authz.LayerSession:  policy.Session,
	authz.LayerSCP:      policy.SCP,
	authz.LayerRCP:      policy.RCP,
	authz.LayerEndpoint: policy.Endpoint,
}

// attach compiles the documents and puts them where they belong. A list without
// documents is no policy of that kind; a level of the organization without one
// is a level that allows nothing.
func (q *inquiry) attach(out *question, resource policy.Kind, documents *documentCache, c *checker) {
	levels := map[authz.Layer][][]*authz.Document{}
	if q.scpLevels > 0 {
		levels[authz.LayerSCP] = make([][]*authz.Document, q.scpLevels)
	}
	if q.rcpLevels > 0 {
		levels[authz.LayerRCP] = make([][]*authz.Document, q.rcpLevels)
	}
	out.attached = make([]attachedDocument, 0, len(q.documents))
	for i := range q.documents {
		given := &q.documents[i]
		kind, ok := documentKinds[given.layer]
		if !ok {
			kind = resource
		}
		d := documents.get(kind, given.label, given.text)
		if d.compiled == nil {
			for _, finding := range d.rejected {
				c.problem("", finding)
			}
			continue
		}
		if levels[given.layer] == nil {
			levels[given.layer] = make([][]*authz.Document, 1)
		}
		list := &levels[given.layer][given.level]
		*list = append(*list, d.compiled)
		out.attached = append(out.attached, attachedDocument{given.layer, d})
	}
	one := func(layer authz.Layer) *authz.Policies {
		if levels[layer] == nil {
			return nil
		}
		return authz.NewPolicies(levels[layer][0]...)
	}
	every := func(layer authz.Layer) []*authz.Policies {
		var list []*authz.Policies
		for _, documents := range levels[layer] {
			list = append(list, authz.NewPolicies(documents...))
		}
		return list
	}
	out.caller.Identity = one(authz.LayerIdentity)
	out.caller.Boundary = one(authz.LayerBoundary)
	out.caller.Session = one(authz.LayerSession)
	out.caller.SCP = every(authz.LayerSCP)
	out.request.Endpoint = one(authz.LayerEndpoint)
	out.access.Policy = one(authz.LayerResource)
	out.access.RCP = every(authz.LayerRCP)
}

// checker collects what is wrong with the values of a line.
type checker struct {
	problems
}

func (c *checker) missing(path string) { c.problem(path, "missing") }

func (c *checker) account(path, id string) {
	if id == "" {
		c.missing(path)
	} else if !policy.IsAccountID(id) {
		c.problem(path, fmt.Sprintf("%q is no account id; write its 12 digits", id))
	}
}

// action wants prefix:Name, without wildcards: an action that is called, not a
// pattern.
func (c *checker) action(action string) {
	if action == "" {
		c.missing("action")
		return
	}
	prefix, name, ok := strings.Cut(action, ":")
	if !ok || prefix == "" || name == "" || strings.ContainsFunc(action, func(r rune) bool {
		return r <= ' ' || r > '~' || r == '*' || r == '?'
	}) {
		c.problem("action", fmt.Sprintf(`%q is no action; write prefix:Name without wildcards, e.g. "s3:GetObject"`, action))
	}
}

func (c *checker) resource(arn string) {
	switch _, ok := splitARN(arn); {
	case arn == "":
		c.missing("resource.arn")
	case arn != "*" && !ok:
		c.problem("resource.arn", fmt.Sprintf(`%q is no ARN; write its six fields, or "*" if the action has no resource`, arn))
	}
}

// splitARN splits an ARN into its six fields. ok is false if it is none; then
// the fields may be empty.
func splitARN(arn string) (fields [6]string, ok bool) {
	for i := range fields {
		var found bool
		if fields[i], arn, found = strings.Cut(arn, ":"); !found && i < 5 {
			return [6]string{}, false
		}
		if i == 4 {
			fields[5] = arn
			break
		}
	}
	return fields, fields[0] == "arn" && fields[1] != "" && fields[2] != "" && fields[5] != ""
}
