// Package tickscope asks the HTTP API and the stream of a running Tickscope.
//
// It knows addresses, headers and shapes of answers. What a candle or a gap is, Tickscope alone knows.
package tickscope

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	// Reading a day of minutes is most of what the back end does: this takes a third of encoding/json's time.
	fastjson "github.com/goccy/go-json"
)

const (
	// maxAnswerBytes is beyond any answer that Tickscope gives: 100 instruments of 5000 candles are 95 MB at most.
	maxAnswerBytes = 128 << 20
	// maxErrorBytes is enough for a sentence and its details.
	maxErrorBytes = 64 << 10
)

// Options of a Client.
type Options struct {
	// URL is the root of Tickscope, such as http://127.0.0.1:8000; a path before /api is kept (a reverse proxy's).
	URL string
	// Token is sent as Authorization: Bearer, and nowhere else. Empty sends none.
	Token string
	// Timeout bounds one request, reading the answer included.
	Timeout time.Duration
	// HTTP sends the requests. Its own time-out should not be shorter.
	HTTP *http.Client
}

// Client of one Tickscope. Safe for concurrent use.
type Client struct {
	root    *url.URL
	token   string
	timeout time.Duration
	http    *http.Client
}

// New checks the address. The error is a sentence for the person who typed it.
func New(options Options) (*Client, error) {
	root, err := parseRoot(options.URL)
	if err != nil {
		return nil, err
	}
	return &Client{root: root, token: options.Token, timeout: options.Timeout, http: options.HTTP}, nil
}

func parseRoot(text string) (*url.URL, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, &Error{Kind: KindSettings, Message: "No URL is set. Enter Tickscope's address in the data source's settings, for example http://127.0.0.1:8000."}
	}
	root, err := url.Parse(text)
	if err != nil || root.Host == "" || (root.Scheme != "http" && root.Scheme != "https") {
		return nil, &Error{Kind: KindSettings, Message: fmt.Sprintf("%q is not a URL that can be asked. Write it with http:// or https://, for example http://127.0.0.1:8000.", redacted(text))}
	}
	root.Path = strings.TrimSuffix(strings.TrimSuffix(root.Path, "/"), "/api")
	root.RawPath, root.RawQuery, root.Fragment = "", "", ""
	return root, nil
}

// redacted leaves out a password that somebody wrote into the address.
func redacted(text string) string {
	if at := strings.LastIndex(text, "@"); at >= 0 {
		return "…" + text[at:]
	}
	return text
}

// Root is the address asked, without any password.
func (c *Client) Root() string { return c.root.Redacted() }

// Timeout of one request.
func (c *Client) Timeout() time.Duration { return c.timeout }

func (c *Client) address(path string, query url.Values) string {
	address := *c.root
	address.Path += path
	address.RawQuery = query.Encode()
	return address.String()
}

func (c *Client) get(ctx context.Context, path string, query url.Values, into any) error {
	return c.do(ctx, http.MethodGet, path, query, nil, into)
}

func (c *Client) post(ctx context.Context, path string, body, into any) error {
	return c.do(ctx, http.MethodPost, path, nil, body, into)
}

// do sends one request and reads the JSON answer. Every error is an *Error, or the context's when the caller went away.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, body, into any) error {
	within, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	err := c.exchange(within, method, path, query, body, into)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	return connectionError(c.Root(), c.timeout, err)
}

func (c *Client) exchange(ctx context.Context, method, path string, query url.Values, body, into any) error {
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.address(path, query), reader)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return answerError(c.Root(), path, response)
	}
	return c.decode(response, into)
}

func (c *Client) decode(response *http.Response, into any) error {
	if !isJSON(response) {
		return notTickscope(c.Root(), response)
	}
	body, err := readAll(response)
	if err != nil {
		return err
	}
	if len(body) > maxAnswerBytes {
		return &Error{Kind: KindTooLarge, Message: fmt.Sprintf("The answer is larger than %d MB. Ask for a shorter range, a wider interval or fewer instruments.", maxAnswerBytes>>20)}
	}
	if err := fastjson.Unmarshal(body, into); err != nil {
		return &Error{Kind: KindNotTickscope, Message: fmt.Sprintf("%s answers in a shape that this plugin does not know (%v). Use a plugin and a Tickscope of the same version.", c.Root(), err)}
	}
	return nil
}

// readAll takes the answer in one piece, at most a byte more than may be.
func readAll(response *http.Response) ([]byte, error) {
	var body bytes.Buffer
	if length := response.ContentLength; length > 0 && length <= maxAnswerBytes {
		body.Grow(int(length) + bytes.MinRead)
	}
	_, err := body.ReadFrom(io.LimitReader(response.Body, maxAnswerBytes+1))
	return body.Bytes(), err
}

func isJSON(response *http.Response) bool {
	return strings.HasPrefix(response.Header.Get("Content-Type"), "application/json")
}
