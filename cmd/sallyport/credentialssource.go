package main

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// credentialsSource says where temporary credentials come from, and for whom.
type credentialsSource struct {
	Endpoint             string        `required:"" env:"AWS_ENDPOINT_URL_STS,AWS_ENDPOINT_URL" placeholder:"URL" help:"URL of the Security Token Service: of Sallyport's door."`
	CAFile               string        `name:"ca-file" env:"AWS_CA_BUNDLE" placeholder:"FILE" help:"PEM file of the authorities that verify the endpoint's certificate, in the place of the system's."`
	Region               string        `env:"AWS_REGION,AWS_DEFAULT_REGION" default:"us-east-1" help:"Region that calls are signed for."`
	RoleARN              string        `name:"role-arn" env:"AWS_ROLE_ARN" placeholder:"ARN" help:"Role to assume."`
	SessionName          string        `env:"AWS_ROLE_SESSION_NAME" placeholder:"NAME" help:"Name of the role's session; without it that of the token's subject, or sallyport."`
	WebIdentityTokenFile string        `env:"AWS_WEB_IDENTITY_TOKEN_FILE" placeholder:"FILE" help:"File with an OpenID Connect token, read at each call: a service account's, a CI job's."`
	Duration             time.Duration `placeholder:"15m" help:"Life of the credentials, 15m at least; the service's default without it."`
	Profile              string        `placeholder:"NAME" help:"Profile of AWS's shared files whose credentials make the call, in the place of the default chain."`
	ExternalID           string        `name:"external-id" placeholder:"ID" help:"External id that the role's trust policy asks for."`
	Timeout              time.Duration `default:"30s" help:"Time for one call, retries included."`

	// shown tells that a web identity token comes with each question instead.
	shown bool
}

// withToken tells whether the call is AssumeRoleWithWebIdentity.
func (s *credentialsSource) withToken() bool { return s.shown || s.WebIdentityTokenFile != "" }

// The times that the service takes at all.
const (
	leastDuration = 15 * time.Minute
	mostDuration  = 36 * time.Hour
)

// check tells what of the flags does not go together.
func (s *credentialsSource) check() error {
	u, err := url.Parse(s.Endpoint)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return usageError(fmt.Sprintf("the endpoint %q is no URL of a service", s.Endpoint), "write it as https://HOST or http://HOST:PORT")
	case s.withToken() && s.RoleARN == "":
		return usageError("a web identity token needs a role to assume", "name it with --role-arn or AWS_ROLE_ARN")
	case s.withToken() && s.Profile != "":
		return usageError("a web identity token is a credential by itself, --profile another", "leave one of them out; AWS_WEB_IDENTITY_TOKEN_FILE counts, too")
	case s.ExternalID != "" && s.withToken():
		return usageError("AssumeRoleWithWebIdentity knows no external id", "leave out --external-id")
	case s.ExternalID != "" && s.RoleARN == "":
		return usageError("an external id is for assuming a role", "name the role with --role-arn")
	case s.Duration != 0 && (s.Duration < leastDuration || s.Duration > mostDuration || s.Duration%time.Second != 0):
		return usageError(fmt.Sprintf("the duration %s is not from 15m to 36h in whole seconds", s.Duration), "a role's maximum is at most 12h")
	case s.Timeout <= 0:
		return usageError("the timeout must be more than nothing", "leave out --timeout for 30s")
	}
	return nil
}

// inClear is a warning that what is asked for comes in clear text, from another
// host than this one; empty if it does not.
func (s *credentialsSource) inClear() string {
	u, err := url.Parse(s.Endpoint)
	if err != nil || u.Scheme != "http" || isLoopback(u.Host) {
		return ""
	}
	return "tokens and credentials go over the network in clear text: " + u.Redacted() + " is not https"
}

// profile is the profile whose credentials the default chain would take.
func (s *credentialsSource) profile() string {
	for _, name := range []string{s.Profile, os.Getenv("AWS_PROFILE"), os.Getenv("AWS_DEFAULT_PROFILE")} {
		if name != "" {
			return name
		}
	}
	return "default"
}

// askedProfiles is an environment variable for credential processes within this
// one: the profiles whose credentials are being asked for already.
const askedProfiles = "SALLYPORT_CREDENTIALS_PROFILES"

// refuseLoop refuses to ask for the credentials of a profile whose credentials
// this very process is to bring, which would start processes without end.
func (s *credentialsSource) refuseLoop() error {
	if s.withToken() {
		return nil
	}
	var asked []string
	if text := os.Getenv(askedProfiles); text != "" {
		asked = strings.Split(text, "\n")
	}
	name := s.profile()
	if slices.Contains(asked, name) {
		return withHint(fmt.Errorf("the profile %q takes its credentials from itself: its credential_process asks for the credentials of the same profile", name),
			"give the command in credential_process a --profile that has credentials of its own")
	}
	return os.Setenv(askedProfiles, strings.Join(append(asked, name), "\n"))
}

// sessionName is the name of a role's session: the one given, else what the token
// calls its subject, with what a name may not have left out.
func (s *credentialsSource) sessionName(token string) string {
	if s.SessionName != "" {
		return s.SessionName
	}
	subject := strings.TrimPrefix(tokenSubject(token), "system:serviceaccount:")
	name := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', strings.ContainsRune("_+=,.@-", r):
			return r
		}
		return '-'
	}, subject)
	if len(name) < 2 {
		return "sallyport"
	}
	return name[:min(len(name), 64)]
}
