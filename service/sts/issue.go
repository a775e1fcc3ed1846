package sts

import (
	mapper "github.com/sallyport-iam/sallyport/action/sts"
	"github.com/sallyport-iam/sallyport/service"
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/wire"
)

// assumeRole issues the credentials of what was granted.
func (s *Service) assumeRole(d *document, call *service.Call) *wire.Refusal {
	if call.Grant == nil {
		return internal("the request to assume a role reached STS without a grant")
	}
	if refusal := s.canIssue(call); refusal != nil {
		return refusal
	}
	c, refusal := s.sessions.Issue(call.Snapshot, call.Grant, call.Now)
	if refusal != nil {
		return refusal
	}
	call.Issued = issued(c)
	d.assumedRole(c, call.Grant.Federated())
	return nil
}

// getSessionToken issues credentials of the caller itself.
func (s *Service) getSessionToken(d *document, call *service.Call, p *mapper.Parameters) *wire.Refusal {
	if refusal := s.canIssue(call); refusal != nil {
		return refusal
	}
	question := &session.TokenQuestion{Duration: p.Duration, SerialNumber: p.SerialNumber, TokenCode: p.TokenCode}
	c, refusal := s.sessions.IssueSessionToken(call.Snapshot, call.Caller, call.AccessKeyID, question, call.Now)
	if refusal != nil {
		return refusal
	}
	call.Issued = issued(c)
	d.credentials(c)
	return nil
}

// getFederationToken issues credentials of a federated user of the caller.
func (s *Service) getFederationToken(d *document, call *service.Call, p *mapper.Parameters) *wire.Refusal {
	if refusal := s.canIssue(call); refusal != nil {
		return refusal
	}
	question := &session.FederationQuestion{Name: p.Name, Duration: p.Duration, Policy: p.Policy, PolicyARNs: p.PolicyARNs, Tags: p.Tags}
	c, refusal := s.sessions.IssueFederation(call.Snapshot, call.Caller, call.AccessKeyID, question, call.Now)
	if refusal != nil {
		return refusal
	}
	call.Issued = issued(c)
	d.federatedUser(c)
	return nil
}

// canIssue refuses where there are no keys to issue with: AWS's code for an STS that
// an administrator must turn on, which clients do not try again.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
func (s *Service) canIssue(call *service.Call) *wire.Refusal {
	keys := call.Snapshot.SessionKeys()
	off := func(message string) *wire.Refusal {
		return &wire.Refusal{Status: 403, Code: "RegionDisabledException", Message: message}
	}
	switch {
	case s.sessions == nil || keys == nil:
		return off("Temporary credentials are off here: the operator turns them on with a file of session keys, made by \"sallyport sessions keygen\" and named in the configuration as sessions.keys.")
	case keys.Issuer == nil:
		return off("This replica opens temporary credentials and issues none: its file of session keys has no issuer's key.")
	}
	return nil
}

func issued(c *session.Credentials) service.Issued {
	return service.Issued{AccessKeyID: c.AccessKeyID, ARN: c.ARN, ID: c.ID, Expires: c.Expires}
}
