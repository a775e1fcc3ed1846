package oidc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// fetcher asks a provider for its keys.
type fetcher struct {
	provider *Provider
	client   *http.Client
}

func newFetcher(p *Provider, o *Options) (*fetcher, error) {
	d, err := newDialer(p, o)
	f := &fetcher{provider: p, client: &http.Client{
		Transport: &http.Transport{
			// No proxy: the rules for addresses are about those that are dialled.
			DialContext:            d.refusePlain,
			DialTLSContext:         d.dialTLS,
			DisableKeepAlives:      true, // the next request is minutes away
			DisableCompression:     true, // so that the limit is on what is sent
			ResponseHeaderTimeout:  headerTimeout,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	return f, err
}

// fetch finds the key set and reads it. renew is when it is to be fetched again.
func (f *fetcher) fetch(ctx context.Context) (set *keySet, unusable []string, renew time.Duration, err error) {
	address := f.provider.JWKSURI
	if address == "" {
		if address, err = f.discover(ctx); err != nil {
			return nil, nil, 0, err
		}
	}
	text, header, err := f.get(ctx, address, MaxKeySet)
	if err != nil {
		return nil, nil, 0, err
	}
	set, unusable, err = readKeySet(text)
	if err != nil {
		return nil, nil, 0, fmt.Errorf("%s: %w", name(address), err)
	}
	return set, unusable, renewal(header), nil
}

// discover asks where the key set is.
func (f *fetcher) discover(ctx context.Context) (string, error) {
	address := strings.TrimSuffix(f.provider.Issuer, "/") + "/.well-known/openid-configuration"
	text, _, err := f.get(ctx, address, maxDiscovery)
	if err != nil {
		return "", err
	}
	keys, err := readDiscovery(text, f.provider.Issuer)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name(address), err)
	}
	return keys, nil
}

// readDiscovery reads a provider's description of itself (OpenID Connect
// Discovery 1.0, 4.2): where its key set is.
func readDiscovery(text []byte, issuer string) (string, error) {
	members, err := readObject(text)
	if err != nil {
		return "", fmt.Errorf("the provider's configuration: %w", err)
	}
	if said, ok := members.text("issuer"); !ok || said != issuer {
		return "", fmt.Errorf("the provider's configuration is that of %s, not of %s", name(said), name(issuer))
	}
	address, ok := members.text("jwks_uri")
	if !ok || address == "" {
		return "", errors.New(`the provider's configuration has no "jwks_uri"`)
	}
	if _, err := parseURL(address); err != nil {
		return "", fmt.Errorf("the provider's \"jwks_uri\": %w", err)
	}
	return address, nil
}

// get reads an answer of at most limit bytes.
func (f *fetcher) get(ctx context.Context, address string, limit int64) ([]byte, http.Header, error) {
	if _, err := parseURL(address); err != nil {
		return nil, nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "sallyport")
	answer, err := f.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	if 300 <= answer.StatusCode && answer.StatusCode < 400 {
		return nil, nil, fmt.Errorf("%s redirects, which is not followed", name(address))
	}
	if answer.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("%s answers with status %d", name(address), answer.StatusCode)
	}
	var text bytes.Buffer
	switch n, err := text.ReadFrom(io.LimitReader(answer.Body, limit+1)); {
	case err != nil:
		return nil, nil, fmt.Errorf("%s: the answer broke off: %w", name(address), err)
	case n > limit:
		return nil, nil, fmt.Errorf("%s answers with more than %d bytes", name(address), limit)
	}
	return text.Bytes(), answer.Header, nil
}

// parseURL takes the URLs that are asked: https, and nothing in them that a URL
// of a provider does not have.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("it is no URL") // the error would repeat a password
	case u.Scheme != "https":
		return nil, fmt.Errorf("its scheme is %s, not \"https\"", name(u.Scheme))
	case u.User != nil:
		return nil, errors.New("it has a user name or password, which are not sent")
	case u.Hostname() == "" || u.Opaque != "":
		return nil, errors.New("it has no host")
	case u.Fragment != "" || strings.HasSuffix(text, "#"):
		return nil, errors.New("it has a fragment (#)")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, fmt.Errorf("its port, %s, is none", name(port))
		}
	}
	return u, nil
}

// renewal is how long an answer says that it holds, within bounds.
func renewal(header http.Header) time.Duration {
	renew := usualRenewal
	for _, field := range header.Values("Cache-Control") {
		for directive := range strings.SplitSeq(field, ",") {
			directive = strings.ToLower(strings.TrimSpace(directive))
			if directive == "no-store" || directive == "no-cache" {
				return minRenewal
			}
			if age, ok := strings.CutPrefix(directive, "max-age="); ok {
				seconds, err := strconv.ParseUint(strings.Trim(age, `"`), 10, 31)
				if err == nil {
					renew = time.Duration(seconds) * time.Second
				}
			}
		}
	}
	return max(minRenewal, min(renew, maxRenewal))
}
