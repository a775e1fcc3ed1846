package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"
	"golang.org/x/net/netutil"
)

// CredentialsServeCmd serves temporary credentials over HTTP.
type CredentialsServeCmd struct {
	Source        credentialsSource `embed:""`
	Listen        string            `default:"127.0.0.1:9911" placeholder:"ADDRESS" help:"Loopback address to listen on."`
	Path          string            `default:"/v1/credentials" placeholder:"PATH" help:"Path of the credentials."`
	Authorization string            `enum:"token,web-identity,none" default:"token" help:"Who is answered: token, who shows the authorization token; web-identity, who shows an OpenID Connect token, which is exchanged; none, every program of the host."`
	TokenFile     string            `name:"authorization-token-file" env:"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE" placeholder:"FILE" help:"File of the authorization token, read at each request; made, with mode 0600, if it is not there."`
}

// Help shows an example.
func (CredentialsServeCmd) Help() string {
	return `A sidecar for programs that cannot be given a token file: their SDK asks AWS_CONTAINER_CREDENTIALS_FULL_URI. The calls are those of sallyport credentials get, new credentials are got ahead of the end of the old ones. Once open it prints the two variables that the programs need. SIGTERM and SIGINT end it.
With --authorization web-identity each program is answered with a session of its own: the Authorization field is its token, as with EKS Pod Identity, and --web-identity-token-file is not read.

Example:

    sallyport credentials serve --endpoint https://store.example.com --role-arn arn:aws:iam::111122223333:role/reports --web-identity-token-file /var/run/secrets/token --authorization-token-file /run/credentials/token
`
}

// The limits of the listener.
const (
	mostConnections    = 128
	endpointIdle       = time.Minute
	endpointHeader     = 5 * time.Second
	endpointShutdown   = 5 * time.Second
	longestEndpointAsk = 32 << 10 // a token of 20,000 bytes, and what SDKs send besides
)

// Run serves until the context ends.
func (c *CredentialsServeCmd) Run(ctx context.Context, console *Console) error {
	if err := c.check(); err != nil {
		return err
	}
	c.Source.shown = c.Authorization == "web-identity"
	if err := c.Source.check(); err != nil {
		return err
	}
	if err := c.Source.refuseLoop(); err != nil {
		return err
	}
	logger, err := newLogger("info")
	if err != nil {
		return err
	}
	defer func() { _ = logger.Sync() }()
	endpoint, err := c.endpoint(ctx, logger)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	uri := "http://" + listener.Addr().String() + c.Path
	if same, _ := url.Parse(os.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")); same != nil && same.Host == listener.Addr().String() && !c.Source.withToken() {
		return withHint(errors.New("the credentials that make the calls would be asked for here"), "unset AWS_CONTAINER_CREDENTIALS_FULL_URI for this program")
	}
	if _, err := fmt.Fprintf(console.Out, "AWS_CONTAINER_CREDENTIALS_FULL_URI=%s\n", uri); err != nil {
		return err
	}
	if c.Authorization == "token" {
		if _, err := fmt.Fprintf(console.Out, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=%s\n", c.TokenFile); err != nil {
			return err
		}
	}
	logger.Info("credentials open", zap.String("uri", uri), zap.String("authorization", c.Authorization), zap.String("role", c.Source.RoleARN))
	return c.serve(ctx, listener, endpoint, logger)
}

// check tells what of the flags does not go together.
func (c *CredentialsServeCmd) check() error {
	switch {
	case !isLoopback(c.Listen):
		return usageError(fmt.Sprintf("credentials are served on a loopback address, not on %q", c.Listen), "write it as 127.0.0.1:PORT or [::1]:PORT")
	case !strings.HasPrefix(c.Path, "/") || strings.ContainsAny(c.Path, "?#% "):
		return usageError(fmt.Sprintf("the path %q is none that SDKs ask for", c.Path), "begin it with a slash, without ?, #, % and spaces")
	case c.Authorization == "token" && c.TokenFile == "":
		return usageError("every program of the host could have the credentials", "name a file for the token with --authorization-token-file, or say --authorization none")
	case c.Authorization == "web-identity" && (c.Source.Profile != "" || c.Source.ExternalID != ""):
		return usageError("the tokens that programs show are the only credentials", "leave out --profile and --external-id")
	}
	return nil
}

// endpoint is what answers.
func (c *CredentialsServeCmd) endpoint(ctx context.Context, logger *zap.Logger) (*credentialsEndpoint, error) {
	ask, err := c.Source.open(ctx)
	if err != nil {
		return nil, err
	}
	if warning := c.Source.inClear(); warning != "" {
		logger.Warn(warning)
	}
	e := &credentialsEndpoint{path: c.Path, roleARN: c.Source.RoleARN, keeper: &keeper{
		timeout: c.Source.Timeout,
		get: func(ctx context.Context, token string) (*temporary, error) {
			return ask.ask(ctx, token, "", "")
		},
		failed: func(err error) { logger.Warn("no credentials", zap.Error(err)) },
	}}
	switch c.Authorization {
	case "web-identity":
		e.authorize = byWebIdentity
	case "none":
		logger.Warn("every program of the host can have the credentials")
		e.authorize = byNothing
	default:
		if err := makeAuthorization(c.TokenFile); err != nil {
			return nil, err
		}
		if _, err := readAuthorization(c.TokenFile); err != nil {
			return nil, err
		}
		if info, err := os.Stat(c.TokenFile); err == nil && info.Mode().Perm()&0o007 != 0 {
			logger.Warn("every program of the host can have the credentials: the file of the authorization token is open to others", zap.String("file", c.TokenFile), zap.Stringer("mode", info.Mode()))
		}
		e.authorize = byTokenFile(c.TokenFile, func(err error) { logger.Warn("no authorization token", zap.Error(err)) })
	}
	return e, nil
}

// serve serves until the context ends.
func (c *CredentialsServeCmd) serve(ctx context.Context, listener net.Listener, endpoint http.Handler, logger *zap.Logger) error {
	server := &http.Server{
		Handler:           endpoint,
		ReadHeaderTimeout: endpointHeader, ReadTimeout: endpointHeader, IdleTimeout: endpointIdle,
		WriteTimeout:   c.Source.Timeout + endpointHeader,
		MaxHeaderBytes: longestEndpointAsk,
		ErrorLog:       zap.NewStdLog(logger),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(netutil.LimitListener(listener, mostConnections)) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), endpointShutdown)
	defer cancel()
	if err := server.Shutdown(within); err != nil {
		return server.Close()
	}
	return nil
}

// leastAuthorization is how long an authorization token must be not to be guessed.
const leastAuthorization = 16

// readAuthorization reads the authorization token.
func readAuthorization(path string) (string, error) {
	text, err := readBounded(path, longestAuthorization)
	if err != nil {
		return "", fmt.Errorf("the authorization token: %w", err)
	}
	switch {
	case len(text) < leastAuthorization:
		return "", withHint(fmt.Errorf("the authorization token in %s can be guessed: it has less than %d characters", path, leastAuthorization), "remove the file, and one is made")
	case strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", withHint(fmt.Errorf("the authorization token in %s has characters that SDKs refuse, such as an end of line", path), "remove the file, and one is made")
	}
	return text, nil
}

// makeAuthorization makes an authorization token where there is none, whole or not
// at all: programs may be waiting for it.
func makeAuthorization(path string) error {
	if _, err := os.Stat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return nil // reading it says what is wrong
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".token-") // with mode 0600
	if err != nil {
		return fmt.Errorf("the authorization token: %w", err)
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(rand.Text() + rand.Text())
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Link(file.Name(), path)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("the authorization token: %w", err)
	}
	return nil
}
