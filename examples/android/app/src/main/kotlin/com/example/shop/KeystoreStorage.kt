package com.example.shop

import android.content.Context
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyProperties
import android.util.Base64
import io.github.acdplatform.mobile.SecureStorage
import io.github.acdplatform.mobile.StorageException
import java.security.GeneralSecurityException
import java.security.KeyStore
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec

/** Keeps secrets in a file of the app, encrypted with a key that never leaves the Keystore. */
class KeystoreStorage(context: Context) : SecureStorage {
    private val file = context.getSharedPreferences("acd", Context.MODE_PRIVATE)

    override fun read(key: String): String? = refusing {
        val stored = file.getString(key, null) ?: return null
        val (nonce, sealed) = stored.split('.').map { Base64.decode(it, Base64.NO_WRAP) }
        val cipher = Cipher.getInstance(ALGORITHM)
        cipher.init(Cipher.DECRYPT_MODE, secret(), GCMParameterSpec(TAG_BITS, nonce))
        String(cipher.doFinal(sealed))
    }

    override fun write(key: String, value: String) = refusing {
        val cipher = Cipher.getInstance(ALGORITHM)
        cipher.init(Cipher.ENCRYPT_MODE, secret())
        val parts = listOf(cipher.iv, cipher.doFinal(value.toByteArray()))
        val stored = parts.joinToString(".") { Base64.encodeToString(it, Base64.NO_WRAP) }
        // Waits for the disk, which apply() does not.
        if (!file.edit().putString(key, stored).commit()) throw StorageException.Refused("the file could not be written")
    }

    override fun remove(key: String) {
        if (!file.edit().remove(key).commit()) throw StorageException.Refused("the file could not be written")
    }

    private fun secret(): SecretKey {
        val store = KeyStore.getInstance(PROVIDER).apply { load(null) }
        (store.getKey(ALIAS, null) as? SecretKey)?.let { return it }
        val generator = KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, PROVIDER)
        val purposes = KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT
        generator.init(
            KeyGenParameterSpec.Builder(ALIAS, purposes)
                .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
                .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
                .build()
        )
        return generator.generateKey()
    }

    private inline fun <T> refusing(work: () -> T): T = try {
        work()
    } catch (error: GeneralSecurityException) {
        throw StorageException.Refused("the Keystore: ${error.message}")
    }

    private companion object {
        const val PROVIDER = "AndroidKeyStore"
        const val ALIAS = "acd"
        const val ALGORITHM = "AES/GCM/NoPadding"
        const val TAG_BITS = 128
    }
}
