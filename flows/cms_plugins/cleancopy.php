<?php
/**
 * Plugin Name: cleancopy
 * Description: Tells cleancopy of every post that readers see, and lets it write a clean body only over the one that it has read.
 * Version: 0.1.0
 * Requires at least: 5.7
 * Requires PHP: 7.4
 * License: MIT
 *
 * Put this file (`cleancopy plugin wordpress` prints it) into wp-content/mu-plugins/, and two lines into wp-config.php:
 *
 *     define( 'CLEANCOPY_URL', 'https://cleancopy.example/webhooks/cms' );  // the source's name in sources.yaml
 *     define( 'CLEANCOPY_SECRET', 'whsec_…' );                              // what its secret_env holds
 *
 * Without them nothing is sent, and the rest works. It tells of posts: pages and other kinds are nothing that cleancopy writes to.
 *
 * It does three things that WordPress cannot do by itself:
 *
 * 1. Events. Every save of a post that readers see, or saw until then, is sent as JSON, signed as
 *    https://www.standardwebhooks.com says. Drafts never leave the site. An event is written down with the save and taken out
 *    when it has been accepted; what was not is sent again by WP-Cron, with the post as it is then. Events of one post go out
 *    one after the other: an old version never comes behind a newer one.
 * 2. Conditional writes. The REST field `cleancopy` (context=edit) holds the post's version, and a write with
 *    `cleancopy_expects` is answered 409 if the post is not in that version any more: the row is locked while it is compared
 *    and written, so that nobody's save comes in between.
 * 3. A mark by which cleancopy knows the posts again that it made itself (`cleancopy.mark`, `?cleancopy_story=`).
 */

namespace Cleancopy;

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

const WAITS   = 'cleancopy_waits_'; // + the post's id: an option each, so that no two saves write over each other's
const RETRY   = 'cleancopy_retry';
const MARK    = '_cleancopy_mark';
const STORY   = '_cleancopy_story';
const WROTE   = '_cleancopy_wrote'; // the version in which the mark was written
const FIELDS  = 'id,link,title.raw,content.raw,content.protected,excerpt.raw,date_gmt,modified_gmt,status,featured_media,type,lang,cleancopy';
const SECONDS = 5;
const LOCK_SECONDS = 10;
const LONGEST_WAIT = 3600;
const FORGET_AFTER = 7 * 86400; // by then cleancopy has asked for what it missed

add_action( 'transition_post_status', __NAMESPACE__ . '\\note_status', 10, 3 );
add_action( 'before_delete_post', __NAMESPACE__ . '\\note_delete', 10, 2 );
add_action( 'shutdown', __NAMESPACE__ . '\\send_noted', 100 );
add_action( 'init', __NAMESPACE__ . '\\schedule' );
add_action( RETRY, __NAMESPACE__ . '\\send_waiting' );
add_filter( 'cron_schedules', __NAMESPACE__ . '\\every_minute' ); // phpcs:ignore
add_action( 'rest_api_init', __NAMESPACE__ . '\\register_field' );
add_action( 'rest_api_init', __NAMESPACE__ . '\\register_route' );
add_action( 'admin_notices', __NAMESPACE__ . '\\tell_admin' );
add_filter( 'rest_pre_insert_post', __NAMESPACE__ . '\\check_version', PHP_INT_MAX, 2 );
add_filter( 'rest_post_query', __NAMESPACE__ . '\\find_story', 10, 2 );
add_filter( 'rest_request_after_callbacks', __NAMESPACE__ . '\\roll_back', 1, 3 );

// ---------------------------------------------------------------------------------------------------------------------- events

/** Every save says its status, also of a post that WP-Cron publishes at its time. */
function note_status( $new, $old, $post ): void {
	if ( 'publish' !== $new && 'publish' !== $old ) {
		return;
	}
	if ( 'publish' === $new ) {
		note( $post, 'publish' === $old ? 'post.updated' : 'post.published', $old );
	} else {
		note( $post, 'trash' === $new ? 'post.trashed' : 'post.unpublished', $old );
	}
}

/** Deleted for good without having been in the bin. */
function note_delete( $id, $post = null ): void {
	$post = $post ? $post : get_post( $id );
	if ( $post && 'publish' === $post->post_status ) {
		note( $post, 'post.deleted', 'publish' );
	}
}

/** Write the event down: it is sent when this request has been answered, or else by WP-Cron. */
function note( $post, string $event, string $previous ): void {
	if ( ! is_configured() || 'post' !== $post->post_type || written( (int) $post->ID ) === false ) {
		return; // the last: it was taken back, and must not come round as a save
	}
	noted( (int) $post->ID );
	keep(
		(int) $post->ID,
		array(
			'event'    => $event,
			'previous' => $previous,
			'id'       => 'wp_' . wp_generate_uuid4(),
			'since'    => time(),
			'tries'    => 0,
			// Not before this request had its chance.
			'next'     => time() + 60,
		)
	);
}

/** The posts of which this request has to tell; with an id, one more. */
function noted( int $id = 0 ): array {
	static $ids = array();
	if ( $id ) {
		$ids[ $id ] = $id;
	}
	return $ids;
}

function send_noted(): void {
	$ids = noted();
	if ( ! $ids ) {
		return;
	}
	if ( function_exists( 'fastcgi_finish_request' ) ) {
		fastcgi_finish_request(); // the editor does not wait for us
	}
	foreach ( $ids as $id ) {
		if ( ! deliver( $id ) ) {
			return; // cleancopy is not there: the others wait for WP-Cron
		}
	}
}

/** WP-Cron: what has not been accepted yet. */
function send_waiting(): void {
	global $wpdb;
	$names = $wpdb->get_col(
		$wpdb->prepare( "SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE %s ORDER BY option_id", $wpdb->esc_like( WAITS ) . '%' )
	);
	foreach ( $names as $name ) {
		$id    = (int) substr( $name, strlen( WAITS ) );
		$waits = kept( $id );
		if ( $waits && $waits['next'] <= time() && ! deliver( $id ) ) {
			return;
		}
	}
}

/** Send the event of this post, with the post as it is now. False: cleancopy does not answer. */
function deliver( int $id ): bool {
	global $wpdb;
	// One sender for a post at a time: what is read later is sent later, too.
	$lock = 'cleancopy_' . substr( md5( DB_NAME . $wpdb->prefix ), 0, 16 ) . '_' . $id;
	if ( '0' === (string) $wpdb->get_var( $wpdb->prepare( 'SELECT GET_LOCK(%s, %d)', $lock, LOCK_SECONDS ) ) ) {
		return false;
	}
	try {
		$written = kept_text( $id );
		$waits   = kept( $id );
		if ( ! $waits ) {
			return true;
		}
		$body   = (string) wp_json_encode( event( $id, $waits ), JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES );
		$digest = hash( 'sha256', $body );
		if ( isset( $waits['digest'] ) && $waits['digest'] !== $digest ) {
			// Under the old id it would be taken for the event that may have arrived.
			$waits['id'] = 'wp_' . wp_generate_uuid4();
		}
		$waits['digest'] = $digest;
		$answer          = send( $waits['id'], $body );
		$status          = is_wp_error( $answer ) ? 0 : (int) wp_remote_retrieve_response_code( $answer );
		if ( $status >= 200 && $status < 300 ) {
			forget( $id, $written );
			return true;
		}
		$waits['error'] = 0 === $status ? $answer->get_error_message() : substr( $status . ' ' . wp_remote_retrieve_body( $answer ), 0, 300 );
		$refused        = in_array( $status, array( 400, 413, 415, 422 ), true );
		if ( $refused || $waits['since'] < time() - FORGET_AFTER ) {
			error_log( "cleancopy: post {$id} was not taken: {$waits['error']}" ); // phpcs:ignore
			forget( $id, $written );
			return $refused;
		}
		++$waits['tries'];
		$waits['next'] = time() + min( LONGEST_WAIT, 30 * ( 2 ** min( $waits['tries'], 10 ) ) );
		keep( $id, $waits, $written );
		return false;
	} finally {
		$wpdb->get_var( $wpdb->prepare( 'SELECT RELEASE_LOCK(%s)', $lock ) );
	}
}

function event( int $id, array $waits ): array {
	clean_post_cache( $id ); // another request may have saved it meanwhile
	$post = get_post( $id );
	$told = $post ? as_editors_see_it( $post ) : array(
		'id'     => $id,
		'status' => 'deleted',
	);
	// It was written down because readers saw it: what is not public now was until then.
	$previous = 'publish' === $told['status'] ? $waits['previous'] : 'publish';
	return array(
		'event'           => $waits['event'],
		'previous_status' => $previous,
		'post'            => $told,
	);
}

/** The post as the REST API gives it to editors (context=edit), without what is rendered, and with the field `cleancopy`. */
function as_editors_see_it( \WP_Post $post ): array {
	rest_get_server(); // from here on there are the fields that plugins add
	$request = new \WP_REST_Request( 'GET', '/wp/v2/posts/' . $post->ID );
	$request->set_param( 'context', 'edit' );
	$request->set_param( '_fields', FIELDS );
	$controller = new \WP_REST_Posts_Controller( $post->post_type );
	return (array) $controller->prepare_item_for_response( $post, $request )->get_data();
}

function send( string $id, string $body ) {
	$now        = (string) time();
	$signatures = array();
	foreach ( preg_split( '/\s+/', trim( CLEANCOPY_SECRET ) ) as $secret ) {
		$key          = base64_decode( preg_replace( '/^whsec_/', '', $secret ) );
		$signatures[] = 'v1,' . base64_encode( hash_hmac( 'sha256', "{$id}.{$now}.{$body}", $key, true ) );
	}
	return wp_remote_post(
		CLEANCOPY_URL,
		array(
			'body'        => $body,
			'timeout'     => SECONDS,
			'redirection' => 0,
			'headers'     => array(
				'Content-Type'      => 'application/json',
				'webhook-id'        => $id,
				'webhook-timestamp' => $now,
				'webhook-signature' => implode( ' ', $signatures ),
			),
		)
	);
}

function is_configured(): bool {
	return defined( 'CLEANCOPY_URL' ) && defined( 'CLEANCOPY_SECRET' ) && CLEANCOPY_URL && CLEANCOPY_SECRET;
}

// What waits is read and written without WordPress's cache of options: several requests do it at once.

function kept_text( int $id ): ?string {
	global $wpdb;
	return $wpdb->get_var( $wpdb->prepare( "SELECT option_value FROM {$wpdb->options} WHERE option_name = %s", WAITS . $id ) );
}

function kept( int $id ): ?array {
	$waits = json_decode( (string) kept_text( $id ), true );
	return is_array( $waits ) ? $waits : null;
}

/** With $instead_of only if nobody has written a newer event down meanwhile. */
function keep( int $id, array $waits, ?string $instead_of = null ): void {
	global $wpdb;
	$value = (string) wp_json_encode( $waits );
	if ( null === $instead_of ) {
		$sql = "INSERT INTO {$wpdb->options} (option_name, option_value, autoload) VALUES (%s, %s, 'no') ON DUPLICATE KEY UPDATE option_value = VALUES(option_value)";
		$wpdb->query( $wpdb->prepare( $sql, WAITS . $id, $value ) ); // phpcs:ignore
		return;
	}
	$wpdb->update( $wpdb->options, array( 'option_value' => $value ), array( 'option_name' => WAITS . $id, 'option_value' => $instead_of ) );
}

function forget( int $id, string $value ): void {
	global $wpdb;
	$wpdb->delete( $wpdb->options, array( 'option_name' => WAITS . $id, 'option_value' => $value ) );
}

function every_minute( $schedules ) {
	$schedules['cleancopy_minute'] = array(
		'interval' => 60,
		'display'  => 'Every minute (cleancopy)',
	);
	return $schedules;
}

function schedule(): void {
	if ( is_configured() && ! wp_next_scheduled( RETRY ) ) {
		wp_schedule_event( time(), 'cleancopy_minute', RETRY );
	}
}

/** Whoever looks after the site is told that cleancopy does not answer. */
function tell_admin(): void {
	if ( ! current_user_can( 'manage_options' ) ) {
		return;
	}
	global $wpdb;
	$texts  = $wpdb->get_col( $wpdb->prepare( "SELECT option_value FROM {$wpdb->options} WHERE option_name LIKE %s LIMIT 100", $wpdb->esc_like( WAITS ) . '%' ) );
	$failed = array_filter( array_map( fn( $text ) => json_decode( $text, true )['error'] ?? null, $texts ) );
	if ( $failed ) {
		printf(
			'<div class="notice notice-warning"><p>%s</p></div>',
			esc_html( sprintf( 'Posts that cleancopy has not taken yet, and that are sent again: %d. It said: %s', count( $failed ), end( $failed ) ) )
		);
	}
}

// ---------------------------------------------------------------------------------------------- conditional writes and the mark

function register_field(): void {
	register_rest_field(
		'post',
		'cleancopy',
		array(
			'get_callback'    => function ( $told, $name, $request ) {
				$post = 'edit' === $request['context'] ? get_post( $told['id'] ) : null;
				return $post ? more_of( $post ) : null;
			},
			// Of an update the mark is written in check_version, under the lock.
			'update_callback' => function ( $value, $post ) {
				write_mark( $post->ID, $value );
				if ( null === written( (int) $post->ID ) ) { // a new post
					note_version( (int) $post->ID, get_post( $post->ID ) );
				}
			},
			'schema'          => array(
				'description' => 'What cleancopy needs to know of a post.',
				'type'        => 'object',
				'context'     => array( 'edit' ),
				'properties'  => array( 'mark' => array( 'type' => 'object' ) ),
			),
		)
	);
}

function register_route(): void {
	register_rest_route(
		'cleancopy/v1',
		'/plugin',
		array(
			'methods'             => 'GET',
			'callback'            => fn() => array( 'locks' => locks_rows() ),
			'permission_callback' => fn() => current_user_can( 'edit_posts' ),
		)
	);
}

/** What of a post stands in other tables, by name; and its version, where the database can lock a row. */
function more_of( \WP_Post $post ): array {
	$categories = wp_get_post_terms( $post->ID, 'category', array( 'fields' => 'names' ) );
	$picture    = (int) get_post_thumbnail_id( $post );
	$shown      = $picture ? get_post( $picture ) : null;
	$mark       = json_decode( (string) get_post_meta( $post->ID, MARK, true ), true );
	return array(
		'version'    => locks_rows() ? version_of( $post ) : null,
		'author'     => html_entity_decode( (string) get_the_author_meta( 'display_name', $post->post_author ), ENT_QUOTES ),
		'categories' => is_array( $categories ) ? array_map( fn( $name ) => html_entity_decode( $name, ENT_QUOTES ), $categories ) : array(),
		'picture'    => $shown ? array(
			'id'      => $picture,
			'url'     => (string) wp_get_attachment_url( $picture ),
			'caption' => $shown->post_excerpt,
			'alt'     => (string) get_post_meta( $picture, '_wp_attachment_image_alt', true ),
		) : null,
		'mark'       => is_array( $mark ) ? $mark : null,
		'marked'     => (string) get_post_meta( $post->ID, WROTE, true ), // another version than this: somebody has saved it since
	);
}

/** A hash of the row: of everything that an editor's save changes in it. */
function version_of( $row ): string {
	$columns = array( $row->post_status, $row->post_title, $row->post_content, $row->post_excerpt, $row->post_password, $row->post_modified_gmt );
	return hash( 'sha256', (string) wp_json_encode( array_map( 'base64_encode', $columns ) ) );
}

function locks_rows(): bool {
	static $known = null;
	if ( null === $known ) {
		global $wpdb;
		$engine = $wpdb->get_var(
			$wpdb->prepare( 'SELECT ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s', $wpdb->posts )
		);
		$known  = is_string( $engine ) && 'innodb' === strtolower( $engine );
	}
	return $known;
}

/**
 * A write that expects a version: lock the row, compare, and let WordPress write; committed as soon as the row is written.
 *
 * An editor's save waits these milliseconds for the row, and then stands. One that came first is seen here, and answered 409.
 */
function check_version( $prepared, $request ) {
	$expected = $request['cleancopy_expects'];
	if ( null === $expected || is_wp_error( $prepared ) || empty( $prepared->ID ) ) {
		return $prepared;
	}
	if ( ! locks_rows() ) {
		return new \WP_Error( 'cleancopy_no_locks', 'The table of posts is not InnoDB: its rows cannot be locked.', array( 'status' => 501 ) );
	}
	global $wpdb;
	$id = (int) $prepared->ID;
	$wpdb->query( 'START TRANSACTION' );
	open_write( $id );
	$row = $wpdb->get_row(
		$wpdb->prepare(
			"SELECT post_status, post_title, post_content, post_excerpt, post_password, post_modified_gmt FROM {$wpdb->posts} WHERE ID = %d FOR UPDATE",
			$id
		)
	);
	if ( ! $row || ! is_string( $expected ) || version_of( $row ) !== $expected ) {
		return new \WP_Error( 'cleancopy_changed', 'The post is not in the version that was read: somebody has saved it.', array( 'status' => 409 ) );
	}
	if ( isset( $prepared->post_content ) ) {
		$kept = wp_unslash( sanitize_post_field( 'post_content', wp_slash( $prepared->post_content ), $id, 'db' ) );
		if ( $kept !== $prepared->post_content ) {
			return filtered();
		}
	}
	wanted( $prepared->post_content ?? null, true );
	// WordPress writes every column of the row: those that nobody gave it are to be what stands there now.
	clean_post_cache( $id );
	write_mark( $id, $request['cleancopy'] );
	return $prepared;
}

/** The post whose row this request has locked; 0: none. */
function open_write( ?int $id = null ): int {
	static $locked = 0;
	if ( null !== $id ) {
		$locked = $id;
		if ( $id ) {
			add_action( 'pre_post_update', __NAMESPACE__ . '\\commit_next', PHP_INT_MAX );
		}
	}
	return $locked;
}

/** The next thing that WordPress does is to write the row; then it forgets what it knew of it. */
function commit_next( $id ): void {
	if ( open_write() === (int) $id ) {
		add_action( 'clean_post_cache', __NAMESPACE__ . '\\commit', 1 );
	}
}

/** The row is written: is it what was to be written? Then it is committed, and an editor's save that waits for it comes after it. */
function commit( $id ): void {
	if ( open_write() !== (int) $id ) {
		return;
	}
	global $wpdb;
	$row  = $wpdb->get_row( $wpdb->prepare( "SELECT * FROM {$wpdb->posts} WHERE ID = %d", $id ) );
	$good = $row && ( null === wanted() || wanted() === $row->post_content );
	open_write( 0 );
	if ( $good ) {
		note_version( (int) $id, $row );
	}
	$wpdb->query( $good ? 'COMMIT' : 'ROLLBACK' );
	written( (int) $id, $good ? $row : false );
}

/** The body that this request wants to write; null: it writes none. */
function wanted( ?string $content = null, bool $set = false ): ?string {
	static $wanted = null;
	if ( $set ) {
		$wanted = $content;
	}
	return $wanted;
}

/** The row as this request wrote it; false: it was taken back; null: there was no conditional write of this post. */
function written( int $id, $row = null ) {
	static $rows = array();
	if ( null !== $row ) {
		$rows[ $id ] = $row;
	}
	return $rows[ $id ] ?? null;
}

/** What was refused is not written. A request that dies is rolled back by the database. */
function roll_back( $response, $handler, $request ) {
	global $wpdb;
	$id = open_write();
	if ( $id ) {
		$wpdb->query( 'ROLLBACK' );
		open_write( 0 );
		clean_post_cache( $id );
	}
	$row = null === $request['cleancopy_expects'] ? null : written( (int) $request['id'] );
	if ( false === $row ) {
		return filtered();
	}
	if ( $row && $response instanceof \WP_REST_Response && is_array( $response->get_data() ) ) {
		// Not what stands there by now: somebody may have saved it since.
		$data              = $response->get_data();
		$data['cleancopy'] = array(
			'wrote'        => version_of( $row ),
			'modified_gmt' => mysql_to_rfc3339( $row->post_modified_gmt ),
		) + (array) ( $data['cleancopy'] ?? array() );
		$response->set_data( $data );
	}
	return $response;
}

function filtered(): \WP_Error {
	$why = current_user_can( 'unfiltered_html' )
		? 'WordPress or a plugin would change this HTML on saving it. Save the post once by hand, or look for that plugin.'
		: 'WordPress would change this HTML: the account lacks unfiltered_html. Give it the role Editor.';
	return new \WP_Error( 'cleancopy_filtered', $why, array( 'status' => 422 ) );
}

function write_mark( int $id, $value ): void {
	if ( is_array( $value ) && isset( $value['mark'] ) && is_array( $value['mark'] ) ) {
		update_post_meta( $id, MARK, wp_slash( (string) wp_json_encode( $value['mark'] ) ) );
		update_post_meta( $id, STORY, wp_slash( (string) ( $value['mark']['story'] ?? '' ) ) );
	}
}

/** In which version a post of ours was written: its mark outlives what editors save. */
function note_version( int $id, $row ): void {
	if ( '' !== get_post_meta( $id, MARK, true ) ) {
		update_post_meta( $id, WROTE, version_of( $row ) );
	}
}

/** `?cleancopy_story=…`: the posts that are this story. */
function find_story( $args, $request ) {
	$story = $request['cleancopy_story'];
	if ( is_string( $story ) && current_user_can( 'edit_posts' ) ) {
		$args['meta_query'] = array( // phpcs:ignore
			array(
				'key'   => STORY,
				'value' => $story,
			),
		);
	}
	return $args;
}
