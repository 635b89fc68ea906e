package tickscope

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// Kind sorts errors by what a person does about them.
type Kind string

// What can go wrong between Grafana and Tickscope.
const (
	KindSettings     Kind = "settings"      // an address that cannot be asked
	KindUnreachable  Kind = "unreachable"   // refused, no such host, TLS, reset
	KindTimeout      Kind = "timeout"       // no answer in time
	KindUnauthorized Kind = "unauthorized"  // 401
	KindForbidden    Kind = "forbidden"     // 403
	KindNotTickscope Kind = "not_tickscope" // something else listens there
	KindTooOld       Kind = "too_old"       // a Tickscope without the endpoint
	KindTooLarge     Kind = "too_large"     // an answer beyond the bound
	KindAPI          Kind = "api"           // Tickscope said no; Code and Message are its own
)

// Error is a failure with a sentence that says what to do. It never holds the token.
type Error struct {
	Kind Kind
	// Status is the HTTP status, 0 where there was no answer.
	Status int
	// Code is Tickscope's own, such as unknown_instrument.
	Code    string
	Message string
}

func (e *Error) Error() string { return e.Message }

// IsUnknown tells that what was asked for does not exist: an instrument, a chain, a day. Not a failure of the connection.
func IsUnknown(err error) bool {
	var known *Error
	return errors.As(err, &known) && known.Kind == KindAPI && known.Status == http.StatusNotFound
}

// IsBadRequest tells that Tickscope refused the question as asked: a range too long, an interval that does not exist.
func IsBadRequest(err error) bool {
	var known *Error
	return errors.As(err, &known) && known.Kind == KindAPI && known.Status == http.StatusBadRequest
}

// connectionError words what happened before there was an answer.
func connectionError(root string, timeout time.Duration, err error) *Error {
	var (
		noHost      *net.DNSError
		authority   x509.UnknownAuthorityError
		hostname    x509.HostnameError
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		network     net.Error
	)
	unreachable := func(sentence string, args ...any) *Error {
		return &Error{Kind: KindUnreachable, Message: fmt.Sprintf(sentence, args...)}
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout() && !errors.As(err, &noHost):
		return &Error{Kind: KindTimeout, Message: fmt.Sprintf("Tickscope at %s did not answer within %s. Raise the time-out in the data source's settings, ask for a shorter range, or see what keeps Tickscope busy.", root, timeout)}
	case errors.As(err, &noHost):
		return unreachable("The host name in %s is not known to the machine that runs Grafana. Check the spelling; in Docker Compose use the service's name, such as http://ingest:8000.", root)
	case errors.Is(err, syscall.ECONNREFUSED):
		return unreachable("Nothing listens at %s. Start Tickscope (npm start), or correct the URL in the data source's settings; 127.0.0.1 means the machine or container that runs Grafana.", root)
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return unreachable("There is no route to %s from the machine that runs Grafana. Check address, network and firewall.", root)
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return unreachable("%s does not speak TLS. Tickscope itself speaks plain HTTP: write http:// in the URL, or put the address of the proxy that adds TLS.", root)
	case errors.As(err, &authority), errors.As(err, &hostname), errors.As(err, &certificate):
		return unreachable("The certificate of %s is not trusted: %v. Give Grafana's machine the authority's certificate, or use the name that the certificate is for.", root, rootCause(err))
	default:
		return unreachable("Asking Tickscope at %s failed: %v. Check that it runs and that the URL in the data source's settings is right.", root, rootCause(err))
	}
}

// rootCause leaves out the address and query that net/http puts before it.
func rootCause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

type errorBody struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// answerError words an answer that is not 200.
func answerError(root, path string, response *http.Response) *Error {
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorBytes))
	var parsed errorBody
	if !isJSON(response) || json.Unmarshal(body, &parsed) != nil || parsed.Error.Message == "" {
		return notTickscope(root, response)
	}
	status, code, said := response.StatusCode, parsed.Error.Code, parsed.Error.Message
	of := func(kind Kind, message string) *Error {
		return &Error{Kind: kind, Status: status, Code: code, Message: message}
	}
	switch {
	case status == http.StatusUnauthorized:
		return of(KindUnauthorized, "Tickscope refuses the token ("+said+") Set the token in the data source's settings to the service's TICKSCOPE_READ_TOKEN.")
	case code == "forbidden", code == "foreign_origin", code == "not_loopback":
		return of(KindForbidden, "Tickscope does not allow this: "+said)
	case code == "not_found":
		return of(KindTooOld, "This Tickscope has no "+path+": it is older than the plugin. Update Tickscope.")
	case status == http.StatusTooManyRequests:
		return of(KindAPI, said+" Refresh the dashboard less often.")
	default:
		return of(KindAPI, said)
	}
}

func notTickscope(root string, response *http.Response) *Error {
	hint := "Correct the URL in the data source's settings: it is Tickscope's root, such as http://127.0.0.1:8000, not Grafana's."
	if response.StatusCode >= 502 && response.StatusCode <= 504 {
		hint = "A proxy answers in its place: see whether Tickscope runs behind it."
	}
	return &Error{
		Kind:    KindNotTickscope,
		Status:  response.StatusCode,
		Message: fmt.Sprintf("What answers at %s is not Tickscope (HTTP %d, %s). %s", root, response.StatusCode, contentType(response), hint),
	}
}

func contentType(response *http.Response) string {
	if kind, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";"); kind != "" {
		return kind
	}
	return "no content type"
}
