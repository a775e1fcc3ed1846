package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// listen is where a door listens: an address, or a Unix socket.
func listen(into *string) value {
	at := address(into, "").(scalar[string])
	parse := at.parse
	at.parse = func(d *decoder, text string) (string, *misfit) {
		file, socket := strings.CutPrefix(text, UnixPrefix)
		if !socket {
			return parse(d, text)
		}
		if file = d.path(file); strings.ContainsRune(file, 0) || len(file) > maxSocketPath || strings.HasSuffix(text, ":") || strings.HasSuffix(text, "/") {
			return "", &misfit{message: "names no socket", remedy: fmt.Sprintf("write unix: and a path of at most %d bytes, for example unix:/run/sallyport/authz.sock", maxSocketPath)}
		}
		return UnixPrefix + file, nil
	}
	return at
}

// address is where a listener listens.
func address(into *string, fallback string) value {
	const example = "127.0.0.1:9000"
	return scalar[string]{into: into, kind: "address", example: example, fallback: fallback, parse: func(_ *decoder, text string) (string, *misfit) {
		host, port, err := net.SplitHostPort(text)
		if err != nil {
			return "", &misfit{remedy: "write HOST:PORT, for example " + example + ", or :9000 for every interface"}
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
			return "", &misfit{message: "has no port from 0 to 65535", remedy: "write for example " + example}
		}
		if host != "" && !isAddress(host) && !isDomain(host) {
			return "", &misfit{message: "has no IP address or host name before the port", remedy: "write for example " + example}
		}
		return text, nil
	}}
}

// prefix is a network of addresses; a single address is a network of one.
func prefix(into *netip.Prefix) value {
	return scalar[netip.Prefix]{into: into, kind: "network", example: "10.0.0.0/8", parse: func(_ *decoder, text string) (netip.Prefix, *misfit) {
		if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
			return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return netip.Prefix{}, &misfit{}
		}
		if p.Addr().Is4In6() {
			return netip.Prefix{}, &misfit{message: "is an IPv4 network written as IPv6", remedy: "write it as IPv4, for example 10.0.0.0/8"}
		}
		if p != p.Masked() {
			return netip.Prefix{}, &misfit{message: "has bits beyond its length", remedy: "write " + p.Masked().String()}
		}
		return p, nil
	}}
}

// endpoint is the base URL of a store.
func endpoint(into **url.URL) value {
	const example = "http://127.0.0.1:7070"
	return scalar[*url.URL]{into: into, kind: "URL", example: example, parse: func(_ *decoder, text string) (*url.URL, *misfit) {
		u, err := url.Parse(text)
		switch {
		case err != nil || u.Opaque != "":
			return nil, &misfit{secret: strings.Contains(text, "@")}
		case u.Scheme != "http" && u.Scheme != "https":
			return nil, &misfit{message: "does not begin with http:// or https://"}
		case u.User != nil:
			return nil, &misfit{message: "holds a user or password", remedy: "put credentials under credentials", secret: true}
		case strings.Contains(u.Host, "%"):
			return nil, &misfit{message: "has a zone, which a Host header cannot hold", remedy: "write an address without %"}
		case !isAddress(u.Hostname()) && !isDomain(u.Hostname()):
			return nil, &misfit{message: "names no host"}
		case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
			return nil, &misfit{message: "has more than scheme, host and port", remedy: "write " + u.Scheme + "://" + u.Host}
		}
		if port := u.Port(); port != "" {
			if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
				return nil, &misfit{message: "has no port from 1 to 65535"}
			}
		} else if strings.HasSuffix(u.Host, ":") {
			return nil, &misfit{message: "has a colon without a port"}
		}
		return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
	}}
}

// host is the name of an endpoint as clients write it, without port; it is kept
// in lower case, and IPv6 addresses in brackets.
func host(into *string) value {
	return scalar[string]{into: into, kind: "host", example: "s3.example.com", parse: func(_ *decoder, text string) (string, *misfit) {
		inner := strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
		if a, err := netip.ParseAddr(inner); err == nil && a.Zone() == "" {
			if a.Is6() {
				return "[" + a.String() + "]", nil
			}
			if inner == text {
				return text, nil
			}
		}
		return domainName(text)
	}}
}

// domain is the name below which bucket names are host names.
func domain(into *string) value {
	return scalar[string]{into: into, kind: "domain", example: "s3.example.com", parse: func(_ *decoder, text string) (string, *misfit) {
		if isAddress(text) {
			return "", &misfit{message: "is an IP address, which has no names below it", remedy: "write a domain, and hosts for the address"}
		}
		return domainName(text)
	}}
}

func domainName(text string) (string, *misfit) {
	switch {
	case strings.Contains(text, "://"):
		return "", &misfit{message: "is a URL, not a host", remedy: "write the host alone, for example s3.example.com"}
	case strings.HasPrefix(text, "*."):
		return "", &misfit{message: "begins with a wildcard", remedy: "write " + text[2:] + " under virtual_hosts"}
	}
	if name, port, err := net.SplitHostPort(text); err == nil && port != "" {
		return "", &misfit{message: "has a port, which is ignored when hosts are compared", remedy: "write " + name}
	}
	if !isDomain(text) {
		return "", &misfit{message: "is not a host name"}
	}
	return strings.ToLower(text), nil
}

// origin is where a page is from, in which one "*" is a wildcard.
func origin(into *string) value {
	return scalar[string]{into: into, kind: "origin", example: "https://app.example.com", parse: func(_ *decoder, text string) (string, *misfit) {
		if text == "*" || text == "null" {
			return text, nil
		}
		if strings.Count(text, "*") > 1 {
			return "", &misfit{message: "has more than one wildcard", remedy: "write an origin for each"}
		}
		u, err := url.Parse(strings.Replace(text, "*", "wildcard", 1))
		if err != nil || u.Scheme == "" || u.Hostname() == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" {
			return "", &misfit{remedy: "write scheme and host, for example https://app.example.com, without a path"}
		}
		return strings.ToLower(text), nil
	}}
}

// headerName is the name of a header field, in which one "*" may be a wildcard.
func headerName(into *string, wild bool) value {
	return scalar[string]{into: into, kind: "header name", example: "x-amz-date", parse: func(_ *decoder, text string) (string, *misfit) {
		name := text
		if wild && strings.Count(text, "*") <= 1 {
			name = strings.Replace(text, "*", "x", 1)
		}
		if name == "" || strings.Contains(name, "*") || !madeOf(name, isLower, isUpper, isDigit, isOneOf("!#$%&'+-.^_`|~")) {
			return "", &misfit{remedy: "write the name of a header, for example x-amz-date"}
		}
		return text, nil
	}}
}

// urlPath is a path that a request is compared with, byte for byte.
func urlPath(into *string, fallback, example string) value {
	return scalar[string]{into: into, kind: "URL path", example: example, fallback: fallback, parse: func(_ *decoder, text string) (string, *misfit) {
		switch {
		case !strings.HasPrefix(text, "/"):
			return "", &misfit{message: "does not begin with /"}
		case text == "/":
			return "", &misfit{message: "would hide the listing of buckets"}
		case !madeOf(text, isLower, isUpper, isDigit, isOneOf("/-._~")):
			return "", &misfit{message: "holds more than letters, digits, / - . _ and ~"}
		}
		return text, nil
	}}
}

func isAddress(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}

// isDomain tells whether a text is a host name of RFC 1123, which is not all
// digits and dots as a mistyped address would be.
func isDomain(text string) bool {
	if len(text) > 253 || madeOf(text, isDigit, isOneOf(".")) {
		return false
	}
	for label := range strings.SplitSeq(text, ".") {
		if len(label) > 63 || !madeOf(label, isLower, isUpper, isDigit, isOneOf("-")) || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}
