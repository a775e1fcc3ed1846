package sts

import (
	"slices"
	"strings"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
)

// Actions are all actions that requests can amount to, once the role is known.
// GetCallerIdentity and GetSessionToken are not among them: no policy decides
// those.
func (m *Mapper) Actions() []string {
	actions := make([]string, 0, len(actionKeys))
	for _, a := range actionKeys {
		if a.action != samlAction || m.servesSAML() {
			actions = append(actions, a.action)
		}
	}
	return actions
}

const samlAction = "sts:AssumeRoleWithSAML"

func (m *Mapper) servesSAML() bool {
	return slices.ContainsFunc(m.operations, func(o operation) bool { return "sts:"+o.name == samlAction && o.unserved == "" })
}

// Keys are the condition keys of an action besides aws:ResourceAccount and those of
// the caller, the connection and the clock, in AWS's spelling. One that ends in "/" or
// ":" stands for all that begin with it. The claims of tokens are keys of the caller,
// and the bundle knows them: it has the providers.
func (m *Mapper) Keys(action string) []string {
	for _, a := range actionKeys {
		if a.action == action {
			return slices.DeleteFunc(slices.Clone(a.keys), func(k string) bool { return k == samlKeys && !m.servesSAML() })
		}
	}
	return nil
}

// Fills tells whether a condition key (in lower case) can be present for an action.
func (m *Mapper) Fills(action, key string) bool {
	if key == resourceAccount {
		return slices.Contains(m.Actions(), action)
	}
	return slices.ContainsFunc(m.Keys(action), func(k string) bool {
		k = strings.ToLower(k)
		if strings.HasSuffix(k, "/") || strings.HasSuffix(k, ":") {
			return strings.HasPrefix(key, k) && len(key) > len(k)
		}
		return k == key
	})
}

// resourceAccount is a key of all accesses.
const resourceAccount = "aws:resourceaccount"

// samlKeys are those that a SAML response fills.
const samlKeys = "saml:"

// Groups of keys.
var (
	ofRole    = []string{"aws:ResourceTag/", "iam:ResourceTag/"}
	ofTags    = []string{"aws:RequestTag/", "aws:TagKeys"}
	ofSession = []string{"sts:RoleSessionName", "sts:SourceIdentity", "sts:TransitiveTagKeys"}
	ofSAML    = []string{samlKeys}
	// A code of a device may be shown in the call itself.
	ofMFA = []string{"aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge"}
)

// actionKeys has the keys of each action. Who assumes a role is asked for all the
// actions of the call in one context, so these share what any of them has.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
var actionKeys = []struct {
	action string
	keys   []string
}{
	{"sts:AssumeRole", slices.Concat(ofRole, ofTags, ofMFA, []string{"sts:ExternalId"}, ofSession)},
	{samlAction, slices.Concat(ofRole, ofTags, ofSession, ofSAML)},
	{"sts:AssumeRoleWithWebIdentity", slices.Concat(ofRole, ofTags, ofSession)},
	{"sts:DecodeAuthorizationMessage", nil},
	{"sts:GetAccessKeyInfo", nil},
	{"sts:GetFederationToken", ofTags},
	{"sts:SetSourceIdentity", slices.Concat(ofRole, ofTags, ofMFA, []string{"sts:ExternalId"}, ofSession, ofSAML)},
	{"sts:TagSession", slices.Concat(ofRole, ofTags, ofMFA, []string{"sts:ExternalId"}, ofSession, ofSAML)},
}

// on is an access of an action by the caller's account on what is its own.
func on(name, resource string, place *action.Place) authz.Access {
	a := authz.Access{Action: name, Resource: resource, Account: place.Caller}
	if place.Caller != "" {
		a.Keys.Set(resourceAccount, place.Caller)
	}
	return a
}

// fillTags sets the condition keys of the tags that are passed.
func fillTags(c *authz.Context, tags []action.Tag) {
	if len(tags) == 0 {
		return
	}
	keys := make([]string, len(tags))
	for i, t := range tags {
		c.SetTag("aws:requesttag", t.Key, t.Value)
		keys[i] = t.Key
	}
	c.SetList("aws:tagkeys", keys)
}
