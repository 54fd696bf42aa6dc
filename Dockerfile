# The container that the action runs in: one static binary and the certificates it needs to speak to a Hub.
# The compiler runs on the machine that builds, and makes a binary for the one that the image is for: nothing is emulated. A
# builder that knows of one platform only sets none of these variables, and builds for its own.
FROM --platform=${BUILDPLATFORM:-linux} golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
# The runner builds without arguments, so an image built by it says "dev"; releases set both.
ARG VERSION=
ARG COMMIT=
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath \
    -ldflags "-s -w -X github.com/hubgate/hubgate/gate/cli.version=$VERSION -X github.com/hubgate/hubgate/gate/cli.commit=$COMMIT" \
    -o /hubgate .

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /hubgate /hubgate
# No USER: the runner mounts the workspace and its command files from another user, and GitHub documents that an action's
# container runs as root (https://docs.github.com/en/actions/reference/workflows-and-actions/dockerfile-support#user).
ENTRYPOINT ["/hubgate"]
